"""What the process of a trial may say: every figure a number and every name a text, since tables are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from results.records import STATUSES

if TYPE_CHECKING:
    from harness.trial.outcome import Findings
    from results.records import Measurement

EPOCH = ("epoch", "train_loss", "eval_loss", "eval_top1", "train_seconds", "eval_seconds")
TEXTS = ("weights", "head", "head_type", "head_spec", "finetune", "precision", "channels_last", "timing_verdict")
COUNTS = ("param_count", "trainable_param_count", "img_size", "channels", "best_epoch", "epochs_run")
NUMBERS = (*COUNTS, "batch_size", "micro_batch_size", "infer_batch_size", "threads")
PROGRESS = ("epoch", "batch", "batches", "images_per_s", "wait_share", "memory_mib")
STAGE = {"name": str, "done": int, "total": int, "unit": str}
MAYBE_NUMBERS = ("infer_gmacs",)  # where they could be had


def require_message(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message, if it is one that a trial sends while it runs. Raises ValueError otherwise."""
    if "epoch" in message:
        if not _is_epoch(message["epoch"]):
            raise ValueError("its message about an epoch has no figures")
    elif "progress" in message:
        if not _is_progress(message["progress"]):
            raise ValueError("its message about its progress has no figures")
    elif "stage" in message:
        if not _is_stage(message["stage"]):
            raise ValueError("its message about a stage is none")
    elif not isinstance(message.get("note", message.get("phase")), str):
        raise ValueError("its message is none that a trial sends")
    return message


def require_findings(findings: Findings) -> None:
    """Raise ValueError where findings that a child sent are not made of what records are made of."""
    status, error = findings.status, findings.error
    if status not in STATUSES:
        raise ValueError(f"it has the status {status!r:.40}")
    for measurement in findings.measurements:
        require_measurement(measurement)
    if not all(_is_epoch(row) for row in findings.history):
        raise ValueError("its history has an epoch without figures")
    _require_facts(findings.facts, whole=status in ("ok", "diverged"))
    if error is None and status not in ("ok", "diverged"):
        raise ValueError(f"it is {status} and does not say why")
    if error is not None and not (isinstance(error.phase, str) and isinstance(error.cause, str)):
        raise ValueError("its error is no text")


def require_measurement(measurement: Measurement) -> None:
    """Raise ValueError where a measurement that a child sent has not numbers, and each of them in one round."""
    figures, rounds = measurement.values, measurement.rounds
    named = isinstance(measurement.name, str) and isinstance(measurement.unit, str)
    if not (named and figures and all(is_number(figure) for figure in figures)):
        raise ValueError(f"its measurement {measurement.name!r:.40} is no list of numbers")
    counted = all(isinstance(size, int) and is_number(size) and size > 0 for size in rounds)
    if rounds and not (counted and sum(rounds) == len(figures)):
        raise ValueError(f"the rounds of its measurement {measurement.name!r:.40} do not hold its numbers")


def require_conditions(facts: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Raise ValueError where a trial worked under other conditions than all others: its figures compare with none."""
    for name, value in expected.items():
        if facts.get(name) != value:
            raise ValueError(f"it was measured with {name} {facts.get(name)!r:.40} instead of {value!r}")


def is_number(value: Any) -> bool:
    """A figure that any format can show: Python's whole numbers may have a million digits, and True is one."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < 2**63
    return isinstance(value, float)


def _require_facts(facts: Any, *, whole: bool) -> None:
    if not isinstance(facts, Mapping):
        raise ValueError("it has no facts")
    wrong = [name for name, value in facts.items() if not (is_number(value) or isinstance(value, str | bool))]
    wrong += [name for name in MAYBE_NUMBERS if name in facts and not is_number(facts[name])]
    if whole:
        wrong += [name for name in TEXTS if not isinstance(facts.get(name), str)]
        wrong += [name for name in NUMBERS if not is_number(facts.get(name))]
    if wrong:
        raise ValueError(f"its fact {wrong[0]} is {facts.get(wrong[0])!r:.40}")


def _is_progress(figures: Any) -> bool:
    if not (isinstance(figures, Mapping) and figures.keys() == set(PROGRESS)):
        return False
    return all(is_number(value) and 0 <= value < 2**53 for value in figures.values()) and figures["batches"] > 0


def _is_stage(stage: Any) -> bool:
    if not (isinstance(stage, Mapping) and stage.keys() == STAGE.keys()):
        return False
    if not all(isinstance(stage[name], kind) for name, kind in STAGE.items()):
        return False
    return all(is_number(stage[name]) and stage[name] >= 0 for name in ("done", "total"))


def _is_epoch(row: Any) -> bool:
    return isinstance(row, Mapping) and row.keys() >= set(EPOCH) and all(is_number(value) for value in row.values())
