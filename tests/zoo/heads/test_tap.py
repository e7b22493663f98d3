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


def test_heads_in_a_container_that_never_runs_are_tapped_one_by_one():
    class Contained(Distilled):
        def __init__(self):
            super().__init__()
            self.heads = nn.ModuleDict({"first": nn.Linear(8, 7), "second": nn.Linear(8, 7)})

        def forward(self, images):
            features = self.body(images)
            return (self.heads["first"](features) + self.heads["second"](features)) / 2

    attached = attach(Contained(), 4, input_shape=SHAPE)
    assert (attached.tap, attached.tappable) == (("heads.first", "heads.second"), True)


def test_averaged_convolutions_cannot_be_tapped():
    class Maps(Plain):
        def __init__(self):
            super().__init__()
            self.body, self.verdict, self.second = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 7, 1), nn.Conv2d(8, 7, 1)

        def forward(self, images):
            maps = self.body(images)
            return ((self.verdict(maps) + self.second(maps)) / 2).mean((2, 3))

    assert not attach(Maps(), 4, input_shape=SHAPE).tappable


class Nearly(nn.Module):
    """Changes logits by a factor and a summand."""

    def __init__(self, factor, summand):
        super().__init__()
        self.factor, self.summand = factor, summand

    def forward(self, logits):
        return logits * self.factor + self.summand


@pytest.mark.parametrize(
    ("logit", "factor", "summand", "tappable"),
    [
        (1024.0, 1.0, 0.0, True),
        (1024.0, 1 + 4e-6, 0.0, False),
        (0.0, 1.0, 9e-7, True),  # the rounding of another order of adding
        (0.0, 1.0, 2e-6, False),
    ],
)
def test_a_head_is_tapped_where_it_gives_the_models_logits_to_a_millionth(logit, factor, summand, tappable):
    model = Plain(4, Nearly(factor, summand))
    nn.init.zeros_(model.verdict.weight)
    nn.init.constant_(model.verdict.bias, logit)
    assert attach(model, 4, input_shape=SHAPE, scratch=True).tappable is tappable


def test_features_of_one_head_are_not_copied():
    model, made = Plain(4).eval(), []
    tapped = attach(model, 4, input_shape=SHAPE, scratch=True)
    model.body.register_forward_hook(lambda *given: made.append(given[-1]))
    assert features(model, tapped, torch.rand(5, *SHAPE)) is made[0]
