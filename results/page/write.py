"""Write the page where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from results.page.document import document
from results.page.library import beside
from results.page.report_run import report_run

if TYPE_CHECKING:
    from pathlib import Path

    from results.ranking.summary import Summary
    from results.store.run_store import RunStore

PAGE = "report.html"


def write_page(store: RunStore, summary: Summary | None = None) -> Path:
    """Write report.html into the run's folder, which draws with the script that lies once beside all runs."""
    library = beside(store.path.parent, "../")
    return store.write(PAGE, document([report_run(store, summary)], library).encode())
