"""Trials that did not end well, and why."""

from __future__ import annotations

import shlex
from typing import Any

from results.page.report_run import ReportRun
from results.page.section import Section
from results.ranking.summary import failure
from results.records import Record
from results.sanitize import name, plain


def section(run: ReportRun) -> Section | None:
    """The failed trials with their cause; nothing where all ended well, which the last section says."""
    failed = [record for record in run.records if record.status != "ok"]
    if not failed:
        return None
    return Section(
        id="failures",
        title="Failed trials",
        template="failures.html",
        view={
            "rows": [_row(record) for record in failed],
            "has_folds": any(record.fold is not None for record in failed),
            "count": f"{len(failed):,} of {len(run.records):,} trials",
            "retry": f"harness retry {shlex.quote(run.folder)} --failed",
        },
    )


def _row(record: Record) -> dict[str, Any]:
    error = record.error
    return {
        "model": name(record.model),
        "seed": record.seed,
        "fold": "" if record.fold is None else record.fold,
        "status": plain(record.status),
        "phase": plain(error.phase) if error else "",
        "cause": failure(record).partition(":")[2],
        "log": plain(error.log) if error else "",
    }
