"""A size that was chosen by itself (139) is raised to one that the model runs on; a person's own choice is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

import zoo
from harness.data.load import DatasetSource, load
from harness.plan.config import TimingConfig, Trial
from harness.training.feature_store import FeatureStore
from harness.trial.build import build_model
from harness.trial.context import TrialContext
from tests.harness.tiny import CPU, config
from zoo.discovery import discover
from zoo.errors import ZooError
from zoo.selection import Choice

ZOO = discover(environment={})
NOTE = "images of {} px, the next size that it runs on: on {} px it does not"


@pytest.fixture(scope="module")
def digits():
    return load(DatasetSource(spec=ZOO.dataset("digits")))


def built(dataset, size, choice, img_size=None):
    """What a trial builds for images of `size` pixels, and its notes."""
    opened = replace(dataset)
    opened.size = size
    context = TrialContext(dataset=opened, device=CPU, timed_on=(), features=FeatureStore())
    train = config(img_size=img_size)
    trial = Trial(model=choice.spec.name, dataset="digits", train=train, timing=TimingConfig(), device="cpu", seed=1)
    torch.manual_seed(trial.seed)
    return *build_model(trial, choice, context), context.notes.kept


def patches(task):
    """Takes sides that divide by 16, as vision transformers do."""
    if task.image_size % 16:
        raise ValueError("not divisible")
    return nn.Sequential(nn.Conv2d(1, 4, 16, 16), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, task.num_classes))


def halving(task):
    """Halves seven times: 128 px are the least, and nobody says so."""
    halvings = [nn.MaxPool2d(2) for _ in range(7)]
    layers = [nn.Conv2d(1, 4, 1), *halvings, nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(4, task.num_classes))


def own(build):
    spec = zoo.ModelSpec(name="mine/net", build=build, input=zoo.InputSpec(size=224, channels=1))
    return Choice(spec=spec, owner="me")


@pytest.mark.fault(134)
@pytest.mark.parametrize(("size", "raised"), [(40, 48), (100, 112), (150, 160), (8, 32), (224, 224)])
def test_134_a_size_that_does_not_divide_is_raised_to_the_next_that_does(digits, size, raised):
    _, geometry, notes = built(digits, size, own(patches))
    assert geometry.size == raised
    assert notes == ([] if raised in (size, 32) else [NOTE.format(raised, size)])


@pytest.mark.fault(134)
def test_134_a_size_below_the_least_is_raised_to_it(digits):
    _, geometry, notes = built(digits, 100, own(halving))
    assert (geometry.size, notes) == (128, [NOTE.format(128, 100)])


@pytest.mark.fault(134)
def test_134_a_raised_size_gives_the_very_model_of_one_that_was_asked_for(digits):
    raised, _, _ = built(digits, 40, own(patches))
    asked, _, notes = built(digits, 40, own(patches), img_size=48)
    assert torch.equal(raised.model[0].weight, asked.model[0].weight)
    assert notes == []


@pytest.mark.fault(134)
def test_134_a_size_that_a_person_asked_for_is_refused_as_before(digits):
    with pytest.raises(ZooError, match="image size 40 px does not suit the model: try --img-size 48"):
        built(digits, 40, own(patches), img_size=40)


@pytest.mark.fault(134)
@pytest.mark.parametrize("size", [40, 100])
def test_134_a_librarys_transformer_trains_on_small_images_too(digits, size):
    if "timm/test_vit" not in ZOO.models:
        pytest.skip("this timm has no test_vit")
    model, geometry, notes = built(digits, size, ZOO.select("timm/test_vit")[0])
    assert (geometry.size % 16, notes) == (0, [NOTE.format(geometry.size, size)] if geometry.size != 160 else [])
    assert model.model.train()(torch.zeros(2, 3, geometry.size, geometry.size)).shape == (2, 10)
