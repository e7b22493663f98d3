"""The sections of a page, in the order in which they stand; each is a function that knows whether it applies."""

from __future__ import annotations

from collections.abc import Callable

from results.page.report_run import ReportRun
from results.page.section import Section
from results.page.sections import cards, failures, machine, table

# cards, table, error_time, significance, learning, devices, classes, missed, failures, machine
SECTIONS: tuple[Callable[[ReportRun], Section | None], ...] = (
    cards.section,
    table.section,
    failures.section,
    machine.section,
)
