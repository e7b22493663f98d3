"""Error against time: a point a model on each device, with both intervals, and the front."""

from __future__ import annotations

from typing import Any

from results.page.report_run import ReportRun
from results.page.section import Section
from results.pictures.error_time import ERROR_LABEL, front_line, time_label, timed_on
from results.ranking.front import Time
from results.ranking.summary import Row, Summary
from results.sanitize import name
from results.tables.answers.words import error
from results.tables.columns import ON_FRONT, device_label, is_unknown, rank_text, with_interval

# Crosses of more models than that hide each other: then only those of the front are drawn, and all are told.
MOST_BARS = 150
MOST_NAMED = 25


def section(run: ReportRun) -> Section | None:
    """None where no ranked model was timed."""
    found = data(run.summary)
    if not found["devices"]:
        return None
    return Section(id="error_time", title="Error against time", template="error_time.html", data=found)


def data(summary: Summary) -> dict[str, Any]:
    """By device; times in ms a batch and errors in percent are those of table.csv, in full precision."""
    kinds = timed_devices(summary)
    return {
        "devices": [_device(summary, kind) for kind in kinds],
        "error_label": ERROR_LABEL,
        "alone": f"Only the {device_label(kinds[0])} was timed." if len(kinds) == 1 else "",
        "many": any(len(timed_on(summary, kind)) > MOST_BARS for kind in kinds),
        "most_bars": MOST_BARS,
        "most_named": MOST_NAMED,
    }


def timed_devices(summary: Summary) -> list[str]:
    """The types of the devices that ranked models were timed on, the CPU first."""
    kinds = dict.fromkeys(kind for kind in ("cpu", summary.accelerator) if kind)
    return [kind for kind in kinds if timed_on(summary, kind)]


def _device(summary: Summary, kind: str) -> dict[str, Any]:
    timed = timed_on(summary, kind)
    front = [(row, time) for row, time in timed if kind in row.fronts]
    return {
        "kind": kind,
        "label": device_label(kind),
        "time_label": time_label(summary, kind),
        "points": [_point(row, time, kind) for row, time in timed],
        "front": front_line(front),
        "front_models": [name(row.model) for row, _ in front],
    }


def _point(row: Row, time: Time, kind: str) -> dict[str, Any]:
    interval, unknown, on_front = row.error, is_unknown(time), kind in row.fronts
    assert interval is not None, "every ranked model has an error"
    return {
        "model": name(row.model),
        "time": time.median,
        "time_ends": None if unknown else (time.low, time.high),
        "error": interval.mean,
        "error_ends": (interval.low, interval.high),
        "front": on_front,
        "words": [
            f"{name(row.model)}{f' {ON_FRONT}' if on_front else ''}",
            f"{error(row)} % error, rank {rank_text(row)}",
            f"{device_label(kind)} {with_interval(time)} ms a batch",
        ],
    }
