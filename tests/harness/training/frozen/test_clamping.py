"""A clamp and a convolution give what batch-norm, ReLU and convolution gave, and only where they may."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from harness.training.frozen.clamping import Clamp, clamp_before_convolutions

CHANNELS = 6


class Layer(nn.Module):
    """What a layer of a densenet does, with batch-norm scales of both signs and of zero."""

    def __init__(self, conv=None, relu=None, norm=None):
        super().__init__()
        torch.manual_seed(0)
        self.norm = norm or nn.BatchNorm2d(CHANNELS)
        self.relu = relu or nn.ReLU(inplace=True)
        self.conv = conv or nn.Conv2d(CHANNELS, 4, 1)
        with torch.no_grad():
            if self.norm.affine:
                self.norm.weight.copy_(torch.tensor([1.5, -0.7, 0.0, 2.0, -1.0, 0.0]))
                self.norm.bias.copy_(torch.tensor([0.3, -0.2, 0.5, -4.0, 0.9, -0.5]))
            self.norm.running_mean.normal_()
            self.norm.running_var.uniform_(0.5, 2)

    def forward(self, images_BCHW):
        both = torch.cat([images_BCHW, images_BCHW.flip(1)], 1)
        return self.conv(self.relu(self.norm(both)))


def rewritten(model):
    """The rewritten model, and the number of its clamps."""
    model = copy.deepcopy(model)
    graph = torch.fx.Tracer().trace(model)
    clamp_before_convolutions(model, graph)
    return torch.fx.GraphModule(model, graph), sum(isinstance(module, Clamp) for module in model.modules())


@pytest.mark.parametrize("conv", [{"bias": False}, {"stride": 2}, {"kernel_size": 3}])
def test_its_outputs_are_those_of_the_three_layers(conv):
    model = Layer(nn.Conv2d(CHANNELS, 4, **{"kernel_size": 1, **conv})).eval()
    images = 3 * torch.randn(5, CHANNELS // 2, 9, 9)
    with torch.inference_mode():
        fast, num_clamps = rewritten(model)
        kept = images.clone()
        torch.testing.assert_close(fast(images), model(images), rtol=1e-5, atol=1e-5)
    assert num_clamps == 1
    assert torch.equal(images, kept)


class UsedTwice(Layer):
    def forward(self, images_BCHW):
        both = torch.cat([images_BCHW, images_BCHW.flip(1)], 1)
        return self.conv(self.relu(self.norm(both))) + both.mean()


def test_an_input_that_others_use_is_not_changed():
    model = UsedTwice().eval()
    images = torch.randn(5, CHANNELS // 2, 9, 9)
    with torch.inference_mode():
        fast, num_clamps = rewritten(model)
        torch.testing.assert_close(fast(images), model(images), rtol=1e-5, atol=1e-5)
    assert num_clamps == 1


class Again(Layer):
    def forward(self, images_BCHW):
        once = super().forward(images_BCHW)
        return self.conv(self.relu(self.norm(torch.cat([once, once], 1)[:, :CHANNELS])))


class Kept(Layer):
    def forward(self, images_BCHW):
        seen = self.relu(self.norm(torch.cat([images_BCHW, images_BCHW], 1)))
        return self.conv(seen) + seen.mean()


@pytest.mark.parametrize(
    "model",
    [
        Layer(conv=nn.Conv2d(CHANNELS, 4, 3, padding=1)),
        Layer(conv=nn.Conv2d(CHANNELS, 6, 1, groups=2)),
        Layer(relu=nn.ReLU6()),
        Layer(norm=nn.BatchNorm2d(CHANNELS, affine=False)),
        Again(),
        Kept(),
    ],
    ids=["padded", "grouped", "other activation", "no scale", "called twice", "ReLU used twice"],
)
def test_anything_else_stays_as_it_is(model):
    images = torch.randn(5, CHANNELS // 2, 9, 9)
    with torch.inference_mode():
        fast, num_clamps = rewritten(model.eval())
        assert torch.equal(fast(images), model(images))
    assert num_clamps == 0
