"""A model that is no function of its seed is found by training it twice."""

from __future__ import annotations

import os

import pytest
import torch
from torch import nn

import zoo
from harness.data.load import DatasetSource, load
from harness.plan.config import TimingConfig, Trial
from harness.training.feature_store import FeatureStore
from harness.trial import determinism
from harness.trial.context import TrialContext
from harness.trial.outcome import Findings, Outcome
from tests.harness.tiny import CPU, config
from zoo.discovery import discover
from zoo.selection import Choice


@pytest.fixture(scope="module")
def context() -> TrialContext:
    digits = load(DatasetSource(spec=discover(environment={}).dataset("digits")))
    return TrialContext(dataset=digits, device=CPU, timed_on=(), features=FeatureStore())


class Net(nn.Module):
    def __init__(self, task, noise=lambda: 0.0):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Dropout(0.5))
        self.verdict, self.noise = nn.Linear(8, task.num_classes), noise

    def forward(self, images):
        return self.verdict(self.body(images)) + self.noise()


def foreign():
    """A small number from where no seed reaches."""
    return int.from_bytes(os.urandom(2)) / 2**16


class Blur(nn.Module):
    def forward(self, features):
        return features + foreign()


def shifted(task):
    net = Net(task)
    with torch.no_grad():
        net.verdict.bias += foreign()
    return net


def noisy(task):
    return Net(task, lambda: foreign() * torch.arange(10))


def planned(build, **changes):
    trial = Trial(
        model="mine/net", dataset="digits", train=config(**changes), timing=TimingConfig(), device="cpu", seed=1
    )
    return trial, Choice(spec=zoo.ModelSpec(name="mine/net", build=build), owner="mine", weights=None)


def judged(build, context, **changes):
    return determinism.is_deterministic(*planned(build, **changes), context)


@pytest.mark.parametrize("finetune", ["full", "head"])
def test_dropout_shuffling_and_initialisation_follow_the_seed(context, finetune):
    assert judged(Net, context, finetune=finetune)


@pytest.mark.parametrize("build", [shifted, noisy])
def test_a_model_that_draws_from_elsewhere_is_found(context, build):
    assert not judged(build, context)


def test_a_frozen_backbone_that_draws_from_elsewhere_is_found(context):
    def blurred(task):
        net = Net(task)
        net.body.append(Blur())
        return net

    assert not judged(blurred, context, finetune="head")


def test_a_trial_that_ended_well_is_marked_and_any_other_left_alone(context):
    trial, choice = planned(noisy)
    for status, mark in (("ok", {"deterministic": False}), ("failed", {})):
        outcome = Outcome(findings=Findings(status=status))
        assert determinism.judged(outcome, trial, choice, context).findings.facts == mark


def test_a_second_training_that_fails_is_not_the_same(context):
    outcome = determinism.judged(Outcome(findings=Findings(status="ok")), *planned(lambda task: None), context)
    assert outcome.findings.facts == {"deterministic": False}


def test_only_a_few_steps_are_taken(context):
    passes = []
    judged(lambda task: Net(task, lambda: passes.append(torch.is_grad_enabled()) or 0.0), context)
    assert len(passes) < 16


def test_a_training_that_diverges_can_be_deterministic(context):
    assert judged(Net, context, opt="sgd", lr=1e30)
