"""The table as a terminal has it, to be sorted and filtered."""

from __future__ import annotations

from results.page.report_run import ReportRun
from results.page.section import Section


def section(run: ReportRun) -> Section | None:
    """Every model of the run."""
    return None
