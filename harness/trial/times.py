"""The last phase of a trial: timing on each device. The trial is delivered by then; what fails here costs its times."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.machine.oom import is_out_of_memory
from harness.timing.measure import measure
from harness.trial.outcome import NOT_TIMED

if TYPE_CHECKING:
    import torch
    from torch import nn

    from harness.plan.config import TimingConfig
    from harness.timing.result import Timing
    from harness.trial.context import Notes
    from harness.trial.outcome import Findings, Outcome

MOST_WORDS = 300


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
    device: torch.device, model: nn.Module, input_shape: tuple[int, int, int], num_classes: int, config: TimingConfig
) -> DeviceTiming:
    """Time the model on `device`; never raises what the model does."""
    try:
        timing = measure(model.to(device), input_shape, num_classes, device, config)
        return DeviceTiming(device=device.type, timing=timing)
    except (Exception, SystemExit) as error:
        return DeviceTiming(
            device=device.type,
            error=f"{type(error).__name__}: {error}",
            traceback=traceback.format_exc(),
            out_of_memory=is_out_of_memory(error),
        )


def with_times(outcome: Outcome, timings: Sequence[DeviceTiming], notes: Notes) -> Outcome:
    """The outcome of a trained model with its times, the reason for each that is blank, and the notes by now."""
    findings, found = outcome.findings, [one.timing for one in timings if one.timing]
    facts = {**findings.facts, **notes.facts, "timing_verdict": _verdict([one.verdict for one in timings])}
    measured = tuple(measurement for timing in found for measurement in timing.measurements)
    complete = replace(findings, facts=facts, measurements=(*findings.measurements, *measured))
    errors = [line for one in timings for line in one.errors]
    complete = _saying(complete, "; ".join(errors)) if errors else complete
    return replace(outcome, findings=complete, traceback="\n".join(one.traceback for one in timings if one.traceback))


def without_times(findings: Findings, phase: str, cause: str) -> Findings:
    """Findings that were delivered before the trial's process came to a bad end in `phase`.

    Where that was not in timing, it was in a later check: the times are there.
    """
    if findings.facts.get("timing_verdict") != NOT_TIMED:
        said = [findings.facts.get("notes"), f"{phase}: {cause}"]
        return replace(findings, facts={**findings.facts, "notes": "; ".join(str(text) for text in said if text)})
    return _saying(replace(findings, facts={**findings.facts, "timing_verdict": "failed"}), cause)


def _saying(findings: Findings, why: str) -> Findings:
    return replace(findings, facts={**findings.facts, "timing_error": " ".join(why.split())[:MOST_WORDS]})


def _verdict(verdicts: Sequence[str]) -> str:
    """The worst; none where no device was to be timed on."""
    return next((word for word in ("oom", "failed", "noisy", "steady") if word in verdicts), NOT_TIMED)
