"""What the figures were made with, and how their intervals were computed."""

from __future__ import annotations

from results.page.report_run import ReportRun
from results.page.section import Section


def section(run: ReportRun) -> Section | None:
    """Machine, data, command and statistics."""
    return None
