"""Pooling before a pointwise convolution gives what pooling after it gave, and is done only where it does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.training.frozen.pooling import pool_first


def rewritten(layers):
    """The layers with `graph` rewritten, and the kinds of its modules in order."""
    graph = torch.fx.Tracer().trace(layers)
    pool_first(layers, graph)
    kinds = [type(layers.get_submodule(node.target)) for node in graph.nodes if node.op == "call_module"]
    return torch.fx.GraphModule(layers, graph), kinds


@pytest.mark.parametrize("conv", [{}, {"bias": False}, {"groups": 2}])
@pytest.mark.parametrize("pool", [nn.AvgPool2d(2), nn.AvgPool2d(3, stride=2), nn.AvgPool2d((1, 5), padding=(0, 0))])
def test_its_outputs_are_those_of_the_old_order(conv, pool):
    torch.manual_seed(0)
    layers = nn.Sequential(nn.ReLU(), nn.Conv2d(4, 6, 1, **conv), pool, nn.Sigmoid())
    images = torch.randn(3, 4, 9, 9)
    fast, kinds = rewritten(layers)
    assert kinds == [nn.ReLU, nn.AvgPool2d, nn.Conv2d, nn.Sigmoid]
    torch.testing.assert_close(fast(images), layers(images))


class Shared(nn.Sequential):
    def forward(self, images_BCHW):
        made = self[0](images_BCHW)
        return self[1](made).sum() + made.sum()


@pytest.mark.parametrize(
    "layers",
    [
        nn.Sequential(nn.Conv2d(4, 6, 3), nn.AvgPool2d(2)),
        nn.Sequential(nn.Conv2d(4, 6, 1, stride=2), nn.AvgPool2d(2)),
        nn.Sequential(nn.Conv2d(4, 6, 1, padding=1), nn.AvgPool2d(2)),
        nn.Sequential(nn.Conv2d(4, 6, 1), nn.AvgPool2d(2, padding=1)),
        nn.Sequential(nn.Conv2d(4, 6, 1), nn.AvgPool2d(2, ceil_mode=True)),
        nn.Sequential(nn.Conv2d(4, 6, 1), nn.AvgPool2d(2, divisor_override=3)),
        nn.Sequential(nn.Conv2d(4, 6, 1), nn.MaxPool2d(2)),
        Shared(nn.Conv2d(4, 6, 1), nn.AvgPool2d(2)),
    ],
    ids=["3 x 3", "strided", "padded", "padded pooling", "ceiling", "divisor", "maximum", "used twice"],
)
def test_anything_else_stays_as_it_is(layers):
    images = torch.randn(3, 4, 9, 9)
    fast, kinds = rewritten(layers)
    assert kinds[0] is nn.Conv2d
    assert torch.equal(fast(images), layers(images))


def test_a_convolution_called_elsewhere_too_keeps_its_other_place():
    conv = nn.Conv2d(4, 4, 1)
    layers = nn.Sequential(conv, nn.ReLU(), conv, nn.AvgPool2d(2))
    images = torch.randn(3, 4, 9, 9)
    fast, kinds = rewritten(layers)
    assert kinds == [nn.Conv2d, nn.ReLU, nn.AvgPool2d, nn.Conv2d]
    torch.testing.assert_close(fast(images), layers(images))
