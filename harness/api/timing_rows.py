"""Timings as flat rows under timm's column names, extended only by suffixes; and rows as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from harness.machine import devices
from harness.machine.facts import machine_facts
from harness.machine.system import LIBRARIES
from results.ranking.step_times import median_interval, median_reach

if TYPE_CHECKING:
    import torch

    from harness.timing.flops import Work
    from harness.timing.result import Timing
    from results.records import Measurement

TimingRow = dict[str, Any]
SETTINGS = ("precision", "channels_last", "torchcompile", "threads", "allocator", "batch_size", "img_size")


def row(name: str, timing: Timing, work: Work | None, device: torch.device) -> TimingRow:
    """One model under one set of conditions: ms a batch, images a second, GMACs, millions of parameters."""
    facts, kind = timing.facts, device.type
    cells: TimingRow = {"model": name, "status": "failed" if timing.failures else "ok"}
    for step in ("infer", "train"):
        measured = timing.measured(f"{kind}_{step}_step_time")
        if measured is not None:
            cells |= _step(step, measured, facts)
    if work is not None:
        cells |= {"infer_gmacs": round(work.gmacs, 4), "infer_macts": round(work.mactivations, 4)}
        cells["param_count"] = round(work.param_count / 1e6, 4)
    cells |= {key: facts[key] for key in (*SETTINGS, "tf32") if key in facts}
    cells |= {"device": kind, "device_name": devices.label(device) if kind != "cpu" else machine_facts()["cpu"]}
    cells |= {key: machine_facts()[key] for key in LIBRARIES}
    cells |= {"verdict": timing.verdict, "reasons": "; ".join(timing.reasons)}
    cells |= {"error": "; ".join(f"{step}: {why}" for step, why in timing.failures.items())}
    return cells | _extras(timing, kind)


def failed(name: str, why: str) -> TimingRow:
    """A model that could not even be built."""
    return {"model": name, "status": "failed", "error": why}


def as_json(rows: Sequence[TimingRow]) -> str:
    """A list of rows; what was not measured is absent."""
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def as_csv(rows: Sequence[TimingRow]) -> str:
    """The same with one line of headings; raw samples are left to JSON."""
    # Of all rows: the first may be of a model that failed, which has few.
    headings = list(dict.fromkeys(key for entry in rows for key, value in entry.items() if not isinstance(value, list)))
    out = io.StringIO()
    writer = csv.DictWriter(out, headings, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def p95(values: Sequence[float]) -> float:
    """The time that 95 % of the steps stay below; of few values their largest."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def _step(step: str, measured: Measurement, facts: Any) -> TimingRow:
    low, high = median_interval(measured)
    return {
        f"{step}_samples_per_sec": round(facts["batch_size"] / measured.median * 1e3, 2),
        f"{step}_step_time": round(measured.median, 6),
        f"{step}_step_time_min": round(measured.min, 6),
        f"{step}_step_time_iqr": round(measured.iqr, 6),
        f"{step}_step_time_p95": round(p95(measured.values), 6),
        f"{step}_step_time_ci95": round(median_reach(measured), 6),
        f"{step}_step_time_low": round(low, 6),
        f"{step}_step_time_high": round(high, 6),
        f"{step}_rounds": len(measured.by_round),
        f"{step}_system_share": round(facts[f"{step}_system_share"], 3),
        f"{step}_samples": measured.n,
        f"{step}_batch_size": facts["batch_size"],
        f"{step}_img_size": facts["img_size"],
    }


def _extras(timing: Timing, kind: str) -> TimingRow:
    """With --detail: everything else that was measured, and the raw samples of the steps."""
    if not timing.facts["detail"]:
        return {}
    single = {m.name.removeprefix(f"{kind}_"): round(m.median, 6) for m in timing.measurements}
    steps = {f"{step}_step_times": timing.measured(f"{kind}_{step}_step_time") for step in ("infer", "train")}
    raw = {name: list(measured.values) for name, measured in steps.items() if measured}
    return {name: value for name, value in single.items() if not name.endswith("_step_time") or "first" in name} | raw
