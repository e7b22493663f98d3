"""The last phase of a trial: timing on each device. The trial is delivered by then; what fails here costs its times."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.machine.oom import is_out_of_memory
from harness.timing.measure import measure, time_together
from harness.timing.rounds import differing, judged, merged
from harness.trial.outcome import NOT_TIMED

if TYPE_CHECKING:
    import torch
    from torch import nn

    from harness.plan.config import TimingConfig
    from harness.timing.entry import Entry
    from harness.timing.result import Timing
    from harness.trial.context import Notes
    from harness.trial.outcome import Findings, Outcome
    from results.records import Measurement

MOST_WORDS = 300
JUDGED = ("noisy", "steady")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTiming:
    """What timing on one device came to: a timing, or an `error` with its `traceback`."""

    device: str
    timing: Timing | None = None
    error: str = ""
    traceback: str = ""
    out_of_memory: bool = False

    @property
    def errors(self) -> list[str]:
        """Why times of this device are blank, one line each."""
        steps = self.timing.failures.items() if self.timing else ()
        whole = [f"{self.device}: {self.error}"] if self.error else []
        return [*whole, *(f"{self.device} {step}: {why}" for step, why in steps)]

    @property
    def verdict(self) -> str:
        """ "steady" or "noisy"; "oom" or "failed" where there is no time at all."""
        if self.timing and self.timing.measurements:
            return self.timing.verdict
        return "oom" if self.out_of_memory else "failed"


def time_on(
    device: torch.device,
    model: nn.Module,
    input_shape: tuple[int, int, int],
    num_classes: int,
    config: TimingConfig,
    *,
    exact: bool = False,
) -> DeviceTiming:
    """Time the model on `device`; never raises what the model does."""
    try:
        timing = measure(model.to(device), input_shape, num_classes, device, config, exact=exact)
        return DeviceTiming(device=device.type, timing=timing)
    except (Exception, SystemExit) as error:
        return DeviceTiming(
            device=device.type,
            error=f"{type(error).__name__}: {error}",
            traceback=traceback.format_exc(),
            out_of_memory=is_out_of_memory(error),
        )


def time_by_turns(
    device: torch.device, entries: Sequence[Entry], config: TimingConfig, *, exact: bool = False
) -> list[DeviceTiming]:
    """Time several models on `device` by turns; each by itself where they cannot be held there together.

    Then the facts of their timings say why under "not_by_turns".
    """
    try:
        timings = time_together(entries, device, config, exact=exact)
    except (Exception, SystemExit) as error:
        why = type(error).__name__
        each = [time_on(device, one.model, one.input_shape, one.num_classes, config, exact=exact) for one in entries]
        return [_with_fact(one, "not_by_turns", why) for one in each]
    return [DeviceTiming(device=device.type, timing=timing) for timing in timings]


def _with_fact(one: DeviceTiming, name: str, value: str) -> DeviceTiming:
    return replace(one, timing=replace(one.timing, facts={**one.timing.facts, name: value})) if one.timing else one


def with_times(outcome: Outcome, timings: Sequence[DeviceTiming], notes: Notes) -> Outcome:
    """The outcome of a trained model with its times, the reason for each that is blank, and the notes by now."""
    findings = replace(outcome.findings, facts={**outcome.findings.facts, **notes.facts})
    return replace(outcome, findings=with_first_round(findings, timings), traceback=tracebacks(timings))


def with_first_round(findings: Findings, timings: Sequence[DeviceTiming]) -> Findings:
    """Findings of a trained model with the first round of its times, and the reason for each that is blank."""
    found = [one.timing for one in timings if one.timing]
    measured = merged(findings.measurements, [one for timing in found for one in timing.measurements])
    facts = judged({**findings.facts, **conditions(timings)}, measured, disturbed(timings))
    worst = _verdict([one.verdict for one in timings])
    facts["timing_verdict"] = worst if worst not in JUDGED else facts["timing_verdict"]
    complete = replace(findings, facts=facts, measurements=measured)
    errors = [line for one in timings for line in one.errors]
    return _saying(complete, "; ".join(errors)) if errors else complete


def with_later_round(
    facts: Mapping[str, Any], measured: Sequence[Measurement], timings: Sequence[DeviceTiming], cause: str
) -> tuple[dict[str, Any], tuple[Measurement, ...], str]:
    """A record's facts and measurements with one more round of its times; and why there is none, "" where there is.

    `cause` is what became of the round's process. What could not be timed in the first round has no later ones.
    """
    failed = cause or "; ".join(line for one in timings for line in one.errors if "timing_error" not in facts)
    differs = differing(facts, conditions(timings)) if timings else ""
    known = {one.name for one in measured}
    later = [one for timing in timings if timing.timing for one in timing.timing.measurements if one.name in known]
    if later and not differs:
        measured = merged(measured, later)
        facts = judged(facts, measured, disturbed(timings))
    why = failed or (f"taken under other conditions: {differs}" if differs else "")
    for apart in dict.fromkeys(one.timing.facts.get("not_by_turns") for one in timings if one.timing):
        facts = _noted(facts, f"timed by itself, not by turns with others ({apart})") if apart else facts
    if not why:
        return dict(facts), tuple(measured), ""
    note = " ".join(f"a later round of its timing is missing ({why})".split())[:MOST_WORDS]
    return _noted(facts, note), tuple(measured), note


def _noted(facts: Mapping[str, Any], note: str) -> dict[str, Any]:
    """The facts with one more note, where they have it not."""
    before = str(facts.get("notes", ""))
    return {**facts, "notes": before if note in before else "; ".join(text for text in (before, note) if text)}


def conditions(timings: Sequence[DeviceTiming]) -> dict[str, Any]:
    """What the times of all devices were taken under, as facts of the record."""
    facts: dict[str, Any] = {}
    for timing in (one.timing for one in timings if one.timing):
        facts |= {name: timing.facts[name] for name in ("allocator", "tf32") if name in timing.facts}
        facts |= {"timing_threads": timing.facts["threads"]} if "threads" in timing.facts else {}
    return facts


def disturbed(timings: Sequence[DeviceTiming]) -> list[str]:
    """What disturbed a round from outside, on each device."""
    return [f"{one.device} {why}" for one in timings if one.timing for why in one.timing.disturbances]


def tracebacks(timings: Sequence[DeviceTiming]) -> str:
    """The tracebacks of all that failed as a whole."""
    return "\n".join(one.traceback for one in timings if one.traceback)


def without_times(findings: Findings, phase: str, cause: str, *, timed_apart: bool = False) -> Findings:
    """Findings that were delivered before the trial's process came to a bad end in `phase`.

    Where that was not in timing, it was in a later check: the times are there, or are yet to be taken in a process of
    their own (`timed_apart`).
    """
    if timed_apart or findings.facts.get("timing_verdict") != NOT_TIMED:
        said = [findings.facts.get("notes"), f"{phase}: {cause}"]
        return replace(findings, facts={**findings.facts, "notes": "; ".join(str(text) for text in said if text)})
    return _saying(replace(findings, facts={**findings.facts, "timing_verdict": "failed"}), cause)


def _saying(findings: Findings, why: str) -> Findings:
    return replace(findings, facts={**findings.facts, "timing_error": " ".join(why.split())[:MOST_WORDS]})


def _verdict(verdicts: Sequence[str]) -> str:
    """The worst; none where no device was to be timed on."""
    return next((word for word in ("oom", "failed", "noisy", "steady") if word in verdicts), NOT_TIMED)
