"""A record says of its trial what was planned, and of the measuring what its process found."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from harness.plan.config import TimingConfig, TrainConfig, Trial
from harness.runs.context import RunContext, make_record
from harness.trial import outcome
from harness.trial.context import Notes
from harness.trial.outcome import Findings
from results.ranking.metrics import Scores
from results.records import Failure, Measurement

TRIAL = Trial(model="mlp", dataset="digits", train=TrainConfig(), timing=TimingConfig(), device="cuda", seed=3)
CONTEXT = RunContext(
    dataset=SimpleNamespace(facts={"name": "digits"}),
    device=torch.device("cuda:1"),
    timed_on=(),
    machine={"cores": 2},
)
PLUGIN = {"name": "mine"}


def measurement(name):
    return Measurement(name=name, unit="%", values=(1.0,))


def test_scores_come_before_what_the_trial_measured_itself():
    scores = Scores(measurements=(measurement("top1_err"),), per_class=({"name": "a"},), confusion_counts=((0, 0, 1),))
    findings = Findings(status="ok", facts={"head": "fc"}, measurements=(measurement("peak"),), history=({"epoch": 0},))
    record = make_record(TRIAL, CONTEXT, findings, scores, PLUGIN)
    assert (record.key, record.seed, record.trial, record.plugin) == (TRIAL.key, 3, TRIAL.as_json(), PLUGIN)
    assert (record.device, record.machine, record.data) == ("cuda:1", {"cores": 2}, {"name": "digits"})
    assert [m.name for m in record.measurements] == ["top1_err", "peak"]
    assert (record.facts, record.history) == ({"head": "fc"}, ({"epoch": 0},))
    assert (record.per_class, record.confusion_counts) == (({"name": "a"},), ((0, 0, 1),))


def test_a_trial_without_predictions_has_no_scores():
    failure = Failure(phase="build", cause="no such layer")
    record = make_record(TRIAL, CONTEXT, Findings(status="failed", error=failure), None, PLUGIN)
    assert (record.status, record.error, record.measurements, record.confusion_counts) == ("failed", failure, (), ())


def test_work_that_cannot_be_counted_is_no_fact_but_a_note(monkeypatch):
    monkeypatch.setattr(outcome, "count", lambda *_: 1 / 0)
    notes, sides = Notes(), {"channels": 1, "size": 8}
    measured = SimpleNamespace(
        pixels=SimpleNamespace(geometry=SimpleNamespace(**sides)), built=SimpleNamespace(model=None)
    )
    assert outcome._work(measured, SimpleNamespace(notes=notes)) == {}
    assert notes.kept == ["its multiply-adds cannot be counted (ZeroDivisionError: division by zero)"]
