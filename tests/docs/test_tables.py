"""docs/tables.md has every column of what is printed and written, and no other."""

from __future__ import annotations

import itertools
import re

import torch

from harness.api import timing_rows
from harness.timing.flops import Work
from harness.timing.result import Timing
from results.records import Measurement
from results.tables.answers.predictions import COLUMNS
from results.tables.columns import main_columns, more_columns
from results.tables.flat_rows import flat
from tests.results.runs import summary_of, trial
from tests.results.samples import in_folds
from tests.source import ROOT

TIMES = {f"{device}_{step}_step_time": (8.0, 9.0) for device in ("cpu", "cuda") for step in ("infer", "train")}
MEASURED = {"top5_err": (1.0,), "val_top1_err": (2.0,), "test_loss": (0.1,), "device_peak_mib": (1.0,)}
FACTS = {"infer_gmacs": 1.8, "tf32": True}
TIMED = {
    "precision": "float32", "channels_last": False, "torchcompile": False, "threads": 2, "batch_size": 8, "tf32": "",
    "img_size": 224, "detail": False, "allocator": "", "infer_system_share": 0.0, "train_system_share": 0.0,
}  # fmt: skip


def trials(**changes):
    return [
        trial(name, wrong=range(n), facts=FACTS, **TIMES, **MEASURED, **changes) for name, n in (("a", 5), ("b", 9))
    ]


def rows(heading):
    """The cells of the table below a heading of the page."""
    _, _, rest = (ROOT / "docs" / "tables.md").read_text().partition(f"\n## {heading}\n")
    lines = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def documented(heading):
    """All names of columns that a table stands for: `cpu_…` goes before others, `…_min` behind them."""
    names = [name for row in rows(heading) for name in re.findall(r"`([^`]+)`", row[0])]
    before = ["", *(name.removesuffix("_…") for name in names if name.endswith("…"))]
    behind = ["", *(name.removeprefix("…_") for name in names if name.startswith("…"))]
    whole = ["", *(name for name in names if "…" not in name)]
    return {"_".join(filter(None, parts)) for parts in itertools.product(before, whole, behind)}


def test_every_column_of_table_csv_is_described():
    plain, *others = flat(summary_of(*trials()))
    folded = flat(summary_of(*(part for one in trials(data={"num_groups": 3}) for part in in_folds(*one))))
    written = {name for row in (plain, *others, *folded) for name in row}
    assert written - documented("Columns of `table.csv`") == set()
    described = {name for row in rows("Columns of `table.csv`") for name in re.findall(r"`([\w]+)`", row[0])}
    assert described - written == {"run"}


def test_every_column_on_the_screen_is_described():
    shown = set()
    for run in (trials(), [part for one in trials() for part in in_folds(*one)]):
        summary = summary_of(*run)
        columns = [*main_columns(summary), *more_columns(summary)]
        shown |= {(column.title or column.unit, column.unit if column.title else "") for column in columns}
    table = rows("Columns on the screen and in `table.md`")
    assert shown == {pair for row in table for pair in itertools.product(row[0].split(", "), row[1].split(", "))}


def test_every_column_of_timings_is_described():
    times = [Measurement(name=f"cpu_{step}_step_time", unit="ms", values=(8.0, 9.0)) for step in ("infer", "train")]
    timing = Timing(measurements=tuple(times), verdict="steady", facts=TIMED)
    row = timing_rows.row("a", timing, Work(gmacs=1.0, mactivations=1.0, param_count=1), torch.device("cpu"))
    assert set(row) - documented("Columns of `harness time --csv`") == set()


def test_every_column_of_predictions_is_described():
    (row,) = [row for row in rows("Other CSV files") if "predict" in row[0]]
    assert re.findall(r"`(\w+)`", row[1]) == list(COLUMNS)
