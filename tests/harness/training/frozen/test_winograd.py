"""Winograd's convolution gives what the direct one gives, and stays away where it does not pay."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.training.frozen.winograd import Scratch, WinogradConv2d, pays


def conv(channels_in=128, channels_out=160, **changes):
    torch.manual_seed(0)
    return nn.Conv2d(channels_in, channels_out, **{"kernel_size": 3, "padding": 1, **changes})


@pytest.mark.parametrize(("height", "width"), [(56, 56), (14, 14), (7, 7), (13, 30), (8, 7)])
@pytest.mark.parametrize("bias", [False, True])
def test_its_outputs_are_the_direct_convolutions(height, width, bias):
    direct = conv(bias=bias)
    images = torch.randn(8, 128, height, width).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        exact = nn.functional.conv2d(
            images.double(), direct.weight.double(), direct.bias.double() if bias else None, padding=1
        )
        error = (WinogradConv2d(direct, Scratch())(images) - exact).abs().max() / exact.abs().max()
    assert error < 2e-5


def test_what_one_convolution_left_in_the_shared_memory_does_not_reach_the_next():
    scratch = Scratch()
    layers = [WinogradConv2d(conv(), scratch) for _ in range(2)]
    shapes = [(9, 128, 14, 14), (2, 128, 13, 13), (30, 128, 14, 14), (12, 128, 13, 13)]
    with torch.inference_mode():
        for number, shape in enumerate(shapes):
            images = torch.randn(shape)
            layer = layers[number % 2]
            torch.testing.assert_close(layer(images), layer.conv(images), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 128, 8, 8), (16, 128, 2, 2), (64, 128, 1, 1), (4, 128, 5, 5)])
def test_small_images_and_batches_take_the_direct_convolution(shape):
    direct, images = conv(), torch.randn(shape)
    with torch.inference_mode():
        assert torch.equal(WinogradConv2d(direct, Scratch())(images), direct(images))


def test_the_images_of_a_batch_do_not_depend_on_each_other():
    fast, images = WinogradConv2d(conv(), Scratch()), torch.randn(12, 128, 30, 30)
    with torch.inference_mode():
        torch.testing.assert_close(fast(images)[9:], fast(images[9:]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"channels_in": 64},
        {"channels_out": 64},
        {"kernel_size": 5, "padding": 2},
        {"stride": 2},
        {"padding": 0},
        {"dilation": 2},
        {"groups": 2},
        {"padding_mode": "reflect"},
        {"dtype": torch.bfloat16},
        {"device": "meta"},
    ],
)
def test_any_other_convolution_stays_as_it_is(changes):
    assert pays(conv())
    assert not pays(conv(**changes))


def test_a_subclass_with_a_forward_of_its_own_stays_as_it_is():
    class Standardised(nn.Conv2d):
        pass

    assert not pays(Standardised(128, 128, 3, padding=1))
