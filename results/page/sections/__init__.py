"""The sections of a page, in the order in which they stand; each is a function that knows whether it applies."""

from __future__ import annotations

from collections.abc import Callable

from results.page.report_run import ReportRun
from results.page.section import Section
from results.page.sections import (
    cards,
    classes,
    devices,
    error_time,
    failures,
    learning,
    machine,
    missed,
    pick,
    significance,
    table,
)

SECTIONS: tuple[Callable[[ReportRun], Section | None], ...] = (
    cards.section,
    table.section,
    pick.section,
    error_time.section,
    significance.section,
    learning.section,
    devices.section,
    classes.section,
    missed.section,
    failures.section,
    machine.section,
)
