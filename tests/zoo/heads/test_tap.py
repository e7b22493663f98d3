"""Features of the backbone and the head on them give what the whole model gives."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.zoo.heads.networks import Convolutional, Distilled, Plain
from zoo.heads import attach, features, logits_from_features

SHAPE = (3, 8, 8)


@pytest.mark.parametrize("network", [Plain, Distilled, Convolutional])
@pytest.mark.parametrize("head", ["linear", "mlp:16:0.5"])
def test_head_on_features_equals_the_whole_model(network, head):
    model = network()
    tapped = attach(model, 4, head, input_shape=SHAPE)
    images = torch.rand(5, *SHAPE)
    assert tapped.tappable
    model.eval()
    torch.testing.assert_close(logits_from_features(model, tapped, features(model, tapped, images)), model(images))


def test_features_stop_at_the_head():
    model = Plain(4).eval()
    tapped = attach(model, 4, input_shape=SHAPE, scratch=True)
    model.verdict.register_forward_hook(lambda *_: pytest.fail("the head ran"))
    assert features(model, tapped, torch.rand(5, *SHAPE)).shape == (5, 8)


def test_a_head_that_something_follows_cannot_be_tapped():
    model = Plain(4, nn.LogSoftmax(1))
    tapped = attach(model, 4, input_shape=SHAPE, scratch=True)
    assert not tapped.tappable


def test_heads_that_are_not_averaged_cannot_be_tapped():
    class Summed(Distilled):
        def forward(self, images):
            return 2 * super().forward(images)

    model = Summed()
    assert not attach(model, 4, input_shape=SHAPE).tappable


def test_a_head_without_one_tensor_as_its_input_cannot_be_tapped():
    class Named(Plain):
        def forward(self, images):
            return self.verdict(input=self.body(images))

    assert not attach(Named(4), 4, input_shape=SHAPE, scratch=True).tappable


def test_trying_the_tap_leaves_the_models_mode():
    model = Plain(4).train()
    attach(model, 4, input_shape=SHAPE)
    assert all(module.training for module in model.modules())
