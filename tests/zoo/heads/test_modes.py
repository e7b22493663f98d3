"""The images that a model is looked at with."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.harness.fake_accelerator import KINDS, WITH_WHOLE_FAKES, fake_accelerator
from zoo.heads.modes import probe_images

SHAPE = (3, 8, 8)


def test_a_model_without_parameters_is_shown_float32():
    assert (probe_images(nn.Flatten(), SHAPE).shape, probe_images(nn.Flatten(), SHAPE).dtype) == (
        (2, *SHAPE),
        torch.float32,
    )


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_images_are_in_the_models_precision_where_it_is(device, dtype):
    images = probe_images(nn.Linear(2, 2, device=device, dtype=dtype), SHAPE, 5)
    assert (images.shape, images.device.type, images.dtype) == ((5, *SHAPE), device, dtype)


@WITH_WHOLE_FAKES
@pytest.mark.parametrize("kind", KINDS)
def test_images_are_on_the_models_accelerator(monkeypatch, kind):
    with fake_accelerator(monkeypatch):
        layer = nn.Linear(2, 2, device=kind)
        assert probe_images(layer, SHAPE).device == layer.weight.device


def test_the_images_are_the_same_each_time_and_none_is_like_another():
    torch.manual_seed(1)
    first = probe_images(nn.Flatten(), SHAPE)
    torch.manual_seed(2)
    assert torch.equal(probe_images(nn.Flatten(), SHAPE), first)
    assert len(first.unique()) == first.numel()
