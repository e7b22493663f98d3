"""The time of a batch on the CPU beside that on the accelerator, and how many times as fast it is."""

from __future__ import annotations

from typing import Any

from results.page.report_run import ReportRun
from results.page.section import Section
from results.pictures.error_time import time_label, timed_on
from results.ranking.front import Time
from results.ranking.summary import Row, Summary
from results.sanitize import name
from results.tables.columns import device_label, is_unknown, speed_up, with_interval

MOST_MODELS = 40


def section(run: ReportRun) -> Section | None:
    """None where not two devices were timed: the section of error against time says so."""
    found = data(run.summary)
    if not found["models"]:
        return None
    title = f"CPU beside {found['accelerator']}"
    return Section(id="devices", title=title, template="devices.html", data=found)


def data(summary: Summary) -> dict[str, Any]:
    """The best models that were timed on both; times in ms a batch are those of table.csv, in full precision."""
    kind = summary.accelerator
    both = [(row, cpu, own) for row, cpu in timed_on(summary, "cpu") if kind and (own := row.time(kind, "infer"))]
    shown = both[:MOST_MODELS]
    return {
        "accelerator": device_label(kind),
        "time_label": time_label(summary, "cpu").removeprefix("CPU "),
        "models": [_model(row, cpu, own, kind) for row, cpu, own in shown],
        "part": f"The best {len(shown)} of {len(both):,} models." if len(shown) < len(both) else "",
    }


def _model(row: Row, cpu: Time, own: Time, kind: str) -> dict[str, Any]:
    return {
        "model": name(row.model),
        "cpu": _shown(cpu),
        "accelerator": _shown(own),
        "ratio": speed_up(kind, row),
    }


def _shown(time: Time) -> dict[str, Any]:
    ends = None if is_unknown(time) else (time.low, time.high)
    return {"time": time.median, "ends": ends, "words": with_interval(time)}
