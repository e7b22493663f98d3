"""From models and seeds to trials."""

from __future__ import annotations

import pytest

from harness.plan.config import Numerics, TimingConfig, TrainConfig
from harness.plan.trials import plan
from zoo.selection import Choice
from zoo.specs import ModelSpec

USUAL = Numerics()
CHOICES = [Choice(spec=ModelSpec(name=name, build="x:y"), owner="me") for name in ("a", "b")]


def planned(numerics=USUAL, torchcompile=False):
    train = TrainConfig(numerics=numerics, torchcompile=torchcompile)
    return plan(CHOICES, [3, 4], dataset="d", train=train, timing=TimingConfig(budget_s=0.5), device="cuda")


def test_all_models_come_once_before_the_next_seed_does():
    assert [item.label for item in planned()] == ["a seed 3", "b seed 3", "a seed 4", "b seed 4"]


def test_a_trial_is_timed_with_the_numerics_of_its_training():
    numerics = Numerics(amp=True, channels_last="on", num_threads=2)
    trials = [item.trial for item in planned(numerics)]
    assert all(trial.train.numerics is numerics and trial.timing.numerics is numerics for trial in trials)
    assert {trial.timing.budget_s for trial in trials} == {0.5}


@pytest.mark.fault(138)
@pytest.mark.parametrize("compiled", [True, False])
def test_what_is_trained_compiled_is_timed_compiled(compiled):
    trials = [item.trial for item in planned(torchcompile=compiled)]
    assert {(trial.train.torchcompile, trial.timing.torchcompile) for trial in trials} == {(compiled, compiled)}


def test_a_models_folds_follow_each_other_before_the_next_model_and_the_next_repeat():
    usual = {"dataset": "d", "train": TrainConfig(), "timing": TimingConfig(), "device": "cpu"}
    labels = [item.label for item in plan(CHOICES, [1, 2], folds=2, **usual)]
    assert labels[:4] == ["a seed 1 fold 1", "a seed 1 fold 2", "b seed 1 fold 1", "b seed 1 fold 2"]
    assert (len(labels), labels[4]) == (8, "a seed 2 fold 1")
