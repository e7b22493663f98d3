"""What fails in timing costs the times only, and says so in the facts."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.plan.config import TimingConfig
from harness.timing.entry import Entry
from harness.trial.context import Notes
from harness.trial.outcome import Findings, Outcome
from harness.trial.times import time_by_turns, time_on, with_times, without_times
from results.records import Measurement
from tests.harness.tiny import CPU

SCORE = Measurement(name="val_top1_err", unit="%", values=(4.0,))
TRAINED = Findings(status="ok", facts={"timing_verdict": "none", "threads": 1}, measurements=(SCORE,))
QUICK = TimingConfig(batch_size=2, budget_s=0.01)


def timed(model):
    torch.set_num_threads(1)
    return with_times(Outcome(findings=TRAINED), [time_on(CPU, model, (1, 2, 2), 3, QUICK)], Notes())


class Raises(nn.Module):
    def __init__(self, error, training=(True, False)):
        super().__init__()
        self.inner, self.error, self.modes = nn.Linear(4, 3), error, training

    def forward(self, images):
        if self.training in self.modes:
            raise self.error
        return self.inner(images.flatten(1))


def test_a_model_that_can_be_timed_has_times_and_no_error():
    facts = timed(nn.Sequential(nn.Flatten(), nn.Linear(4, 3))).findings.facts
    assert facts["timing_verdict"] in ("steady", "noisy")
    assert "timing_error" not in facts


@pytest.mark.parametrize(
    ("error", "verdict", "why"),
    [
        (RuntimeError("no\nclock"), "failed", "cpu infer: RuntimeError: no clock; cpu train: RuntimeError: no clock"),
        (SystemExit(3), "failed", "cpu: SystemExit: 3"),
    ],
)
def test_a_model_that_cannot_be_timed_keeps_its_scores(error, verdict, why):
    findings = timed(Raises(error)).findings
    assert (findings.status, findings.measurements) == ("ok", (SCORE,))
    assert (findings.facts["timing_verdict"], findings.facts["timing_error"]) == (verdict, why)


def test_one_step_that_fails_is_named_beside_the_times_of_the_other():
    findings = timed(Raises(ValueError("no training"), training=(True,))).findings
    assert findings.facts["timing_error"] == "cpu train: ValueError: no training"
    assert findings.facts["timing_verdict"] in ("steady", "noisy")
    assert "cpu_infer_step_time" in [one.name for one in findings.measurements]


def test_memory_that_does_not_suffice_to_move_a_model_is_said():
    class Stays(nn.Linear):
        def to(self, *args, **kwargs):
            raise torch.OutOfMemoryError("out of memory")

    facts = timed(Stays(4, 3)).findings.facts
    assert facts["timing_verdict"] == "oom"
    assert facts["timing_error"] == "cpu: OutOfMemoryError: out of memory"


def test_a_bad_end_in_timing_and_one_after_it_are_told_apart():
    lost = without_times(TRAINED, "time", "crashed\nwith SIGSEGV")
    assert lost.facts == {"timing_verdict": "failed", "threads": 1, "timing_error": "crashed with SIGSEGV"}
    apart = without_times(TRAINED, "deliver", "crashed", timed_apart=True)
    assert apart.facts == {"timing_verdict": "none", "threads": 1, "notes": "deliver: crashed"}
    kept = Findings(status="ok", facts={"timing_verdict": "steady", "notes": "before"})
    assert without_times(kept, "check", "crashed").facts == {
        "timing_verdict": "steady",
        "notes": "before; check: crashed",
    }


def test_models_that_cannot_be_timed_together_are_timed_one_by_one():
    class Leaves(nn.Linear):
        def to(self, *args, **kwargs):
            raise SystemExit(3)

    models = {"good": nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), "bad": Leaves(4, 3)}
    entries = [Entry(name=name, model=one, input_shape=(1, 2, 2), num_classes=3) for name, one in models.items()]
    good, bad = time_by_turns(CPU, entries, QUICK)
    assert good.timing.measured("cpu_infer_step_time").n
    assert (bad.timing, bad.error) == (None, "SystemExit: 3")
    assert good.timing.facts["not_by_turns"] == "SystemExit"
    both = time_by_turns(CPU, [entries[0], entries[0]], QUICK)
    assert [one.timing.failures for one in both] == [{}, {}]
