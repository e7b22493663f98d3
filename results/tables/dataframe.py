"""Stored runs as a DataFrame, for notebooks: the rows of table.csv, of one run or of many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from results.errors import StoreError
from results.ranking.comparability import NotComparable
from results.ranking.summary import Summary, summarise, without_ranking
from results.store.run_store import RUN_FILE, RunStore
from results.tables.flat_rows import flat

if TYPE_CHECKING:
    from os import PathLike

    import pandas


def load(path: str | PathLike[str]) -> pandas.DataFrame:
    """The results of one run's folder, or of all runs in a folder: one row a model and run, each run best first.

    `run` is the name of the run's folder; the other columns, their units and their figures are those of table.csv:
    - `rank_low`, `rank_high`: the places that the tests allow; `may_be_best`: whether it is one of those of which one
      is the best, with 95 % confidence
    - `top1`, `top5` and `*_err`: percent of the test images, `top1_err_low` and `top1_err_high` the ends of its 95 %
      interval
    - `pareto`: no model is beyond doubt faster and not worse in error, or better and not slower
    - `param_count`, `trainable_param_count`: millions; `infer_gmacs`: 1e9 multiply-adds an image
    - `*_step_time`: milliseconds a batch of `infer_batch_size` images, the median over all seeds, with `_p50`, `_min`,
      `_iqr`, and the ends of its 95 % interval, `_low` and `_high`, beside it; `*_samples_per_sec`: images a second.
      `cpu_`, `cuda_` and the like name the device, also of `pareto`; without a prefix it is the one trained on
    - `*_seconds`: seconds a seed; `peak_mib`, `device_peak_mib`: MiB; `test_loss`: nats; means over the seeds
    - `folds`, `num_groups`: only of a run with cross-validation, or with groups of images; `*_seconds` are then means
      over folds
    - what the model, its data and its machine were; `status`, and in `note` why a figure or a rank is missing

    What is not known is None or NaN. Names are as they are, where table.csv guards them against spreadsheets, and a
    model called NA or null is one of that name: reading table.csv itself, `pandas.read_csv(path,
    keep_default_na=False, na_values=[""])` gives the same. A run
    whose trials were not made under the same conditions has no ranks. A record that is damaged is moved to `corrupt/`,
    with a warning. Raises StoreError for a folder that is no run and holds none.
    """
    import pandas

    rows = [{"run": store.path.resolve().name, **row} for store in _runs(Path(path)) for row in flat(_summary(store))]
    return pandas.DataFrame(rows) if rows else pandas.DataFrame(columns=["run", "model", "status"])


def _runs(path: Path) -> list[RunStore]:
    folders = [path] if (path / RUN_FILE).is_file() else [file.parent for file in sorted(path.glob(f"*/{RUN_FILE}"))]
    if not folders:
        cause = f"{path} is not the folder of a run and holds none"
        raise StoreError(cause, "give a folder of results/runs, or results/runs itself")
    return [RunStore.open(folder) for folder in folders]


def _summary(store: RunStore) -> Summary:
    records = store.records()
    try:
        return summarise(records, store.predictions)
    except NotComparable as error:
        return without_ranking(records, store.predictions, error.cause)
