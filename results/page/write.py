"""Write the page where it belongs: into its run's folder, beside several runs, or where somebody wants it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from results.page.document import document
from results.page.library import ChartLibrary, beside, within
from results.page.report_run import report_run
from results.store.atomic import make_folder, write_atomic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from results.page.report_run import ReportRun
    from results.ranking.summary import Summary
    from results.store.run_store import RunStore

PAGE = "report.html"
MOST_NAMED = 6


def write_page(store: RunStore, summary: Summary | None = None) -> Path:
    """Write report.html into the run's folder, which draws with the script that lies once beside all runs."""
    return _into_run(report_run(store, summary), beside(store.path.absolute().parent, "../"))


def write_pages(
    runs: Sequence[ReportRun], folder: Path, file: Path | None = None, *, single_file: bool = False
) -> tuple[Path, ChartLibrary]:
    """Write one page of `runs`, and say with which chart library: that of one run into its folder, else to `file`.

    Without a file the page of several goes to `folder`. Raises StoreError where it cannot be written.
    """
    if file is None and len(runs) == 1:
        library = within() if single_file else beside(runs[0].store.path.absolute().parent, "../")
        return _into_run(runs[0], library), library
    path = file or folder / f"report-{'-'.join(_ids(runs))}.html"
    make_folder(path.parent)
    library = within() if single_file else beside(path.parent)
    write_atomic(path, document(runs, library).encode())
    return path, library


def _into_run(run: ReportRun, library: ChartLibrary) -> Path:
    return run.store.write(PAGE, document([run], library).encode())


def _ids(runs: Sequence[ReportRun]) -> list[str]:
    """What runs are called by; of many the first ones, since a file's name has its limits."""
    ids = [run.store.path.absolute().name.rpartition("-")[2] for run in runs[:MOST_NAMED]]
    return [*ids, f"and-{len(runs) - MOST_NAMED}-more"] if len(runs) > MOST_NAMED else ids
