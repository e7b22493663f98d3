"""What a run leaves behind: its folder, its table, the sentence that sums it up, and what failed."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.plan.config import called
from results.page.write import PAGE
from results.ranking.summary import Summary
from results.store.file_names import trial_slug
from results.store.run_store import RunStore
from results.tables.dataframe import load
from results.tables.render import FILES, printed
from results.tables.sample import title
from results.tables.sentence import sentence

if TYPE_CHECKING:
    from pandas import DataFrame

    from results.records import Record

SOME_FAILED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTrial:
    """A trial that did not end well: `status` is failed, oom, timeout, diverged or skipped, `log` its traceback.

    `fold` is None where there are no folds.
    """

    model: str
    seed: int
    status: str
    cause: str
    log: Path | None = None
    fold: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Run:
    """A run that has come to its end. All of it is on disk.

    `path` is its folder, absolute: run.json, records, predictions, checkpoints and tables. `files` are those in it that
    were written to be read.
    """

    path: Path
    store: RunStore
    summary: Summary
    records: tuple[Record, ...]
    files: tuple[str, ...] = FILES

    @property
    def table(self) -> DataFrame:
        """One row a model, best first, as `results.load` gives it: errors in percent, times in ms a batch."""
        return load(self.path)

    @property
    def sentence(self) -> str:
        """Which models may be the best, what is tied with the first of them, and what it beats by how much."""
        return sentence(self.summary) or title(self.summary)

    @property
    def ok(self) -> bool:
        """Whether every trial ended well."""
        return not self.failed

    @property
    def failed(self) -> tuple[FailedTrial, ...]:
        """The trials that did not end well, each with its cause."""
        return tuple(_failure(record, self.path) for record in self.records if record.status != "ok")

    @property
    def exit_code(self) -> int:
        """What the command line ends with."""
        return 0 if self.ok else SOME_FAILED

    @property
    def table_md(self) -> Path:
        """The table for people, in Markdown."""
        return self.path / "table.md"

    @property
    def table_csv(self) -> Path:
        """The table in full precision."""
        return self.path / "table.csv"

    @property
    def table_json(self) -> Path:
        """The table with its sentence and the paired comparisons."""
        return self.path / "table.json"

    @property
    def report_html(self) -> Path:
        """The page, to be looked at in a browser."""
        return self.path / PAGE

    @property
    def checkpoints(self) -> Mapping[tuple[str, int] | tuple[str, int, int], Path]:
        """The folder of each trained model, by model and seed, and fold where there are folds, for `harness.load`."""
        trials = [(record.model, record.seed, record.fold) for record in self.records]
        folders = {trial: self.path / "checkpoints" / trial_slug(*trial) for trial in trials}
        whole = {trial: folder for trial, folder in folders.items() if folder.is_dir()}
        return {
            (model, seed) if fold is None else (model, seed, fold): folder
            for (model, seed, fold), folder in whole.items()
        }

    def text(self, *, as_json: bool = False) -> str:
        """What the command line prints at the end: the table and its remarks, or table.json."""
        return printed(self.store, self.summary, as_json=as_json, files=self.files)

    def __repr__(self) -> str:
        num_failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"<Run {self.path}: {len(self.records)} trials{num_failed}. {self.sentence}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        table: Any = self.table
        failed = [
            f"{called(failure.model, failure.seed, failure.fold)} {failure.status}: {failure.cause}"
            for failure in self.failed
        ]
        lines = [self.sentence, *failed, str(self.path)]
        # As text: causes and names are plugins' own words, and a notebook would run their markup.
        return "".join([table._repr_html_(), *(f"<p>{html.escape(line)}</p>" for line in lines)])


def _failure(record: Record, folder: Path) -> FailedTrial:
    error = record.error
    return FailedTrial(
        model=record.model,
        seed=record.seed,
        status=record.status,
        cause=error.cause if error else record.status,
        log=folder / error.log if error and error.log else None,
        fold=record.fold,
    )
