"""What a trial trains is the same recipe for every model, batch-norm momentum and memory layout included."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import zoo
from harness.data.load import DatasetSource, load
from harness.plan.config import TimingConfig, Trial
from harness.training.feature_store import FeatureStore
from harness.trial.build import build_model, make_splits, raise_momentum
from harness.trial.context import TrialContext
from tests.harness.tiny import CPU, config
from zoo.discovery import discover
from zoo.selection import Choice


def test_a_momentum_too_low_for_a_short_training_is_raised_and_others_stay():
    model = nn.Sequential(*(nn.BatchNorm2d(2, momentum=momentum) for momentum in (0.01, 0.1, 0.3, None)))
    raise_momentum(model)
    assert [layer.momentum for layer in model] == [0.1, 0.1, 0.3, None]


@pytest.mark.parametrize(("channels_last", "layout"), [("on", torch.channels_last), ("auto", torch.contiguous_format)])
def test_weights_and_images_lie_as_the_numerics_say(channels_last, layout):
    digits = load(DatasetSource(spec=discover(environment={}).dataset("digits")))
    context = TrialContext(dataset=digits, device=CPU, timed_on=(), features=FeatureStore())
    train = config(channels_last=channels_last)
    trial = Trial(model="m", dataset="digits", train=train, timing=TimingConfig(), device="cpu", seed=1)
    spec = zoo.ModelSpec(name="m", build=convnet_of_colours, input=zoo.InputSpec(channels=3))
    built, geometry = build_model(trial, Choice(spec=spec, owner="me"), context)
    images, _ = next(make_splits(trial, digits.pixels(geometry), context).val.eval())
    for tensor in (built.model[0].weight, images):
        assert tensor.is_contiguous(memory_format=layout)


def convnet_of_colours(task):
    """With a layer over depth too, whose weights have five dimensions: no layout of four is for them."""
    in_depth = (nn.Unflatten(1, (2, 2)), nn.Conv3d(2, 2, 1), nn.Flatten(1, 2))
    head = (nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, task.num_classes))
    return nn.Sequential(nn.Conv2d(3, 4, 3), *in_depth, *head)
