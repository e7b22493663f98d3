"""What the last layer of a model sees, pooled as the model pools it."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from harness.picks.probes.pooling import pooled, tapped
from zoo.building import build
from zoo.discovery import discover
from zoo.heads import tap
from zoo.specs import ModelSpec, Task

ZOO = discover(environment={})
TIMM = [
    pytest.param(name, marks=pytest.mark.skipif(name not in ZOO.models, reason=f"this timm has no {name}"))
    for name in ("timm/test_convnext", "timm/test_vit", "timm/test_resnet")
]


def built_with_images(spec, size=32, channels=3):
    own = spec.input_for(None)
    size = own.size if own.fixed else size
    torch.manual_seed(0)
    built = tapped(build(spec, Task(num_classes=3, image_size=size, channels=channels)))
    return built, torch.rand(4, channels, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", [*TIMM, "mlp"])
def test_the_last_layer_on_pooled_features_gives_the_models_output(name):
    built, images = built_with_images(ZOO.select(name)[0].spec)
    last = built.model.get_submodule(built.head.names[0])
    with torch.inference_mode():
        logits = built.model.eval()(images)
        features = pooled(built, tap.features(built.model, built.head, images))
        assert features.shape == (4, last.in_features)
        torch.testing.assert_close(last(features), logits)


def test_before_a_convolution_pixels_are_averaged_channel_by_channel():
    built, images = built_with_images(ZOO.select("squeezenet1_1")[0].spec, size=64)
    maps = []
    built.model.get_submodule(built.head.names[0]).register_forward_pre_hook(lambda _, inputs: maps.append(inputs[0]))
    with torch.inference_mode():
        built.model.eval()(images)
        features = pooled(built, tap.features(built.model, built.head, images))
    torch.testing.assert_close(features, maps[0].mean((2, 3)))


class Tokens(nn.Module):
    def forward(self, images):
        return images.flatten(2).mT


def build_of_tokens(task):
    """A classifier of each of several tokens, averaged: its last layer sees [B, T, D]."""

    class Mean(nn.Module):
        def forward(self, logits):
            return logits.mean(1)

    layers = OrderedDict(tokens=Tokens(), last=nn.Linear(3, task.num_classes), mean=Mean())
    return nn.Sequential(layers)


def test_before_a_linear_layer_tokens_are_averaged():
    built, images = built_with_images(ModelSpec(name="of/tokens", build=build_of_tokens), size=8)
    with torch.inference_mode():
        features = pooled(built, tap.features(built.model.eval(), built.head, images))
    torch.testing.assert_close(features, images.mean((2, 3)))
