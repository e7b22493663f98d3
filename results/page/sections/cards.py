"""What the run says at a glance: the best, which model to take within a budget, and what the data cannot tell."""

from __future__ import annotations

import shlex
from typing import Any

from results.answers.budgets import budgets
from results.answers.limits import Limits, device_of, timed_on
from results.answers.recommend import recommend
from results.page.report_run import ReportRun
from results.page.section import Section
from results.ranking.summary import Summary
from results.tables.answers import recommendation
from results.tables.columns import device_label
from results.tables.sample import title
from results.tables.sentence import sentence


def section(run: ReportRun) -> Section | None:
    """The verdict; devices, the one trained on first, each with the answer at every step of its budget."""
    summary = run.summary
    devices = _devices(run) if summary.ranked else []
    data = {"devices": devices}
    view = {
        "sentence": sentence(summary),
        "title": title(summary),
        "untold": run.untold,
        "timed": bool(timed_on(summary)),
    }
    return Section(id="cards", title="Verdict", template="cards.html", data=data, view=view)


def _devices(run: ReportRun) -> list[dict[str, Any]]:
    first = device_of(run.summary, Limits())
    return [_device(run, kind) for kind in dict.fromkeys([first, *timed_on(run.summary)])]


def _device(run: ReportRun, device: str) -> dict[str, Any]:
    """Budgets as they are typed, the last of them none, and each with its answer; equal answers are kept once."""
    answers: list[list[str]] = []
    steps = []
    for budget in [*budgets(run.summary, device), None]:
        lines = _answer(run.summary, device, budget)
        if lines not in answers:
            answers.append(lines)
        ms = "" if budget is None else _typed(budget)
        steps.append({"ms": ms, "answer": answers.index(lines), "command": _command(run, device, ms)})
    batch = next((size for row in run.summary.ranked if (size := row.fact("infer_batch_size"))), None)
    return {"kind": device, "label": device_label(device), "batch": batch, "steps": steps, "answers": answers}


def _answer(summary: Summary, device: str, budget: float | None) -> list[str]:
    return recommendation.lines(recommend(summary, Limits(max_ms=budget, on=device or None)))


def _typed(budget: float) -> str:
    """`15.2`, `0.0711`, `1200`: of three digits, never with an exponent."""
    return f"{budget:.12f}".rstrip("0").rstrip(".")


def _command(run: ReportRun, device: str, ms: str) -> str:
    """What answers the same at a terminal."""
    limits = [*(["--max-ms", ms] if ms else []), *(["--on", device] if device else [])]
    return f"harness {shlex.join(['recommend', run.folder, *limits])}"
