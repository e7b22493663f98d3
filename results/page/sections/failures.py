"""Trials that did not end well, and why."""

from __future__ import annotations

from results.page.report_run import ReportRun
from results.page.section import Section


def section(run: ReportRun) -> Section | None:
    """The failed trials; nothing where all ended well."""
    return None
