"""A convolution that adds and rectifies gives what the separate operations gave, and only where it may."""

from __future__ import annotations

import copy
import operator

import pytest
import torch
from torch import nn
from torch.nn import functional

from harness.training.frozen.fusing import RectifiedConv2d, rectify_in_convolutions
from harness.training.frozen.winograd import Scratch, WinogradConv2d

CHANNELS = 6


class Block(nn.Module):
    """Convolution, identity, ReLU; with `add` what the block was given is added before the ReLU."""

    def __init__(self, add=None, relu=functional.relu, again=None, **changes):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(CHANNELS, CHANNELS, **{"kernel_size": 3, "padding": 1, **changes})
        self.norm, self.add, self.relu, self.again = nn.Identity(), add, relu, again

    def forward(self, images_BCHW):
        made = self.norm(self.conv(images_BCHW))
        seen = self.relu(made if self.add is None else self.add(made, images_BCHW))
        return seen if self.again is None else self.again(self, made, seen)


def rewritten(model, conv=None):
    """The rewritten model, and the number of its convolutions that rectify; `conv` replaces the traced one."""
    model = copy.deepcopy(model)
    graph = torch.fx.Tracer().trace(model)
    model.conv = conv or model.conv
    rectify_in_convolutions(model, graph)
    return torch.fx.GraphModule(model, graph), sum(isinstance(module, RectifiedConv2d) for module in model.modules())


def check(model, num_rectified, dtype=torch.float32, size=9):
    images = torch.randn(3, CHANNELS, size, size, dtype=dtype).to(memory_format=torch.channels_last)
    kept = images.clone()
    with torch.inference_mode():
        fast, num_found = rewritten(model)
        torch.testing.assert_close(fast(images), model(images), rtol=1e-5, atol=1e-5)
    assert num_found == num_rectified
    assert torch.equal(images, kept)


@pytest.mark.parametrize("add", [None, operator.add, operator.iadd, torch.add, lambda made, images: images + made])
@pytest.mark.parametrize("relu", [functional.relu, nn.ReLU(inplace=True)])
@pytest.mark.parametrize("conv", [{}, {"bias": False}, {"groups": 2}, {"dilation": 2, "padding": 2}])
def test_its_outputs_are_those_of_the_separate_operations(add, relu, conv):
    check(Block(add, relu, **conv), 1)


@pytest.mark.parametrize("add", [None, operator.add])
def test_one_pixel_is_enough(add):
    check(Block(add), 1, size=1)


class TwoPaths(Block):
    """Both terms of the sum are convolutions, as in a block of a resnet that changes the resolution."""

    def forward(self, images_BCHW):
        return functional.relu(self.conv(images_BCHW) + self.again(images_BCHW))


def test_of_two_convolutions_one_adds_the_other():
    check(TwoPaths(again=nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, padding=1), stride=2), 1)


@pytest.mark.parametrize(
    "model",
    [
        Block(relu=functional.relu6),
        Block(padding="same"),
        Block(padding_mode="reflect"),
        Block(again=lambda block, made, seen: seen + made),
        Block(again=lambda block, made, seen: block.conv(seen)),
        Block(add=lambda made, images: torch.add(made, images, alpha=2)),
        Block(add=lambda made, images: made + made),
    ],
    ids=["ReLU6", "same", "reflect", "used twice", "called twice", "weighted sum", "its own double"],
)
def test_anything_else_stays_as_it_is(model):
    check(model, 0)


def test_other_numbers_stay_as_they_are():
    check(Block().double(), 0, torch.float64)


def test_without_the_operation_nothing_is_fused(monkeypatch):
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    assert rewritten(Block())[1] == 0


@pytest.mark.parametrize(("size", "add", "rectified"), [(16, None, True), (2, None, True), (16, operator.add, False)])
def test_a_large_convolution_rectifies_too_but_adds_nothing(size, add, rectified):
    block, images = Block(add), torch.randn(3, CHANNELS, size, size)
    with torch.inference_mode():
        fast, num_rectified = rewritten(block, WinogradConv2d(block.conv, Scratch()))
        torch.testing.assert_close(fast(images), block(images), rtol=1e-4, atol=1e-4)
    assert (num_rectified, fast.conv.rectified) == (0, rectified)
