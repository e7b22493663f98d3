"""A new head is of the old one's kind: its geometry, device, precision, mode, and whether it has a bias."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.zoo.heads.networks import Handmade, Plain
from zoo.heads import HeadSpec, attach
from zoo.heads.layers import replace

SHAPE = (3, 8, 8)


@pytest.mark.parametrize("head", ["linear", "mlp:16"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_head_has_a_bias_where_the_old_one_had(head, bias):
    model = Plain()
    model.verdict = nn.Linear(8, 7, bias=bias)
    attach(model, 4, head, input_shape=SHAPE)
    made = [layer for layer in model.verdict.modules() if isinstance(layer, nn.Linear)]
    assert [layer.bias is not None for layer in made] == [bias] * (1 if head == "linear" else 2)


def test_a_head_in_the_place_of_a_bare_matrix_has_a_bias():
    model = Handmade(4)
    attach(model, 4, input_shape=SHAPE, hint="verdict")
    assert (model.verdict.in_features, model.verdict.bias.shape) == (8, (4,))


def test_a_head_in_the_place_of_nothing_takes_what_came_there_and_has_a_bias():
    model = Plain()
    model.verdict = nn.Identity()
    attached = attach(model, 4, input_shape=SHAPE, hint="verdict")
    assert (attached.type, attached.in_features, model.verdict.bias.shape) == ("Identity", 8, (4,))
    assert model.eval()(torch.rand(2, *SHAPE)).shape == (2, 4)


class Uneven(Plain):
    """A second head, wider than the first, that is averaged with it or speaks in train mode only."""

    def __init__(self, auxiliary):
        super().__init__()
        self.second, self.auxiliary = nn.Linear(16, 7), auxiliary

    def forward(self, images):
        features = self.body(images)
        first = self.verdict(features)
        if self.auxiliary and not self.training:
            return first
        second = self.second(torch.cat([features, features], 1))
        return (first, second) if self.auxiliary else (first + second) / 2


@pytest.mark.parametrize("auxiliary", [False, True])
def test_heads_of_several_widths_each_keep_their_own(auxiliary):
    model = Uneven(auxiliary)
    attach(model, 4, input_shape=SHAPE)
    assert (model.verdict.in_features, model.second.in_features, model.second.out_features) == (8, 16, 4)


@pytest.mark.parametrize("bias", [True, False])
def test_a_convolution_keeps_its_geometry_and_those_after_it_look_at_single_positions(bias):
    holder = nn.Module()
    holder.conv = nn.Conv2d(6, 7, (3, 5), (2, 1), (1, 2), bias=bias).double().eval()
    replace(holder, ["conv"], 4, HeadSpec((5, 8), 0.1))
    first, *_, third, _, _, last = holder.conv
    assert (first.kernel_size, first.stride, first.padding) == ((3, 5), (2, 1), (1, 2))
    assert (first.out_channels, third.kernel_size, last.kernel_size, last.out_channels) == (5, (1, 1), (1, 1), 4)
    assert {(layer.weight.dtype, layer.bias is not None) for layer in (first, third, last)} == {(torch.float64, bias)}
    assert not any(module.training for module in holder.conv.modules())


def test_a_linear_head_keeps_its_precision_and_mode():
    holder = nn.Module()
    holder.fc = nn.Linear(6, 7).double().eval()
    replace(holder, ["fc"], 4, HeadSpec((5,), 0.1))
    assert {parameter.dtype for parameter in holder.parameters()} == {torch.float64}
    assert not any(module.training for module in holder.fc.modules())


def test_a_layer_with_two_names_is_replaced_under_both():
    model = Plain()
    model.alias = model.verdict
    attach(model, 4, input_shape=SHAPE)
    assert model.alias is model.verdict
    assert model.alias.out_features == 4


def test_the_number_of_classes_that_a_model_keeps_follows_its_head():
    model, other = Plain(), Plain()
    model.num_classes = 7
    for each in (model, other):
        attach(each, 4, input_shape=SHAPE)
    assert model.num_classes == 4
    assert "num_classes" not in vars(other)
