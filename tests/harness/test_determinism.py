"""A model that is no function of its seed is found by training it twice."""

from __future__ import annotations

import os

import pytest
import torch
from torch import nn

import zoo
from harness import determinism
from harness.bench import Bench
from harness.config import TimingConfig, Trial
from harness.data.opening import DatasetSource, load
from harness.features import FeatureStore
from harness.outcome import Outcome
from results.records import Record
from tests.harness.lessons import CPU, config
from zoo.discovery import discover
from zoo.selection import Choice


@pytest.fixture(scope="module")
def bench() -> Bench:
    digits = load(DatasetSource(spec=discover(environment={}).dataset("digits")))
    return Bench(dataset=digits, device=CPU, timed_on=(), features=FeatureStore(), machine={})


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


def asked(build, **changes):
    trial = Trial(
        model="mine/net", dataset="digits", train=config(**changes), timing=TimingConfig(), device="cpu", seed=1
    )
    return trial, Choice(spec=zoo.ModelSpec(name="mine/net", build=build), owner="mine", weights=None)


def judged(build, bench, **changes):
    return determinism.is_deterministic(*asked(build, **changes), bench)


@pytest.mark.parametrize("finetune", ["full", "head"])
def test_dropout_shuffling_and_initialisation_follow_the_seed(bench, finetune):
    assert judged(Net, bench, finetune=finetune)


@pytest.mark.parametrize("build", [shifted, noisy])
def test_a_model_that_draws_from_elsewhere_is_found(bench, build):
    assert not judged(build, bench)


def test_a_frozen_backbone_that_draws_from_elsewhere_is_found(bench):
    def blurred(task):
        net = Net(task)
        net.body.append(Blur())
        return net

    assert not judged(blurred, bench, finetune="head")


def test_a_trial_that_ended_well_is_marked_and_any_other_left_alone(bench):
    trial, choice = asked(noisy)
    for status, mark in (("ok", {"deterministic": False}), ("failed", {})):
        record = Record(key="k", model="m", dataset="d", seed=1, device="cpu", status=status, trial={})
        assert determinism.judged(Outcome(record=record), trial, choice, bench).record.facts == mark


def test_a_second_training_that_fails_is_not_the_same(bench):
    record = Record(key="k", model="m", dataset="d", seed=1, device="cpu", status="ok", trial={})
    outcome = determinism.judged(Outcome(record=record), *asked(lambda task: None), bench)
    assert outcome.record.facts == {"deterministic": False}


def test_only_a_few_steps_are_taken(bench):
    passes = []
    judged(lambda task: Net(task, lambda: passes.append(torch.is_grad_enabled()) or 0.0), bench)
    assert len(passes) < 16


def test_a_training_that_diverges_can_be_deterministic(bench):
    assert judged(Net, bench, opt="sgd", lr=1e30)
