"""Weights in channels-last layout and back, of models that have weights of five dimensions too."""

from __future__ import annotations

import torch
from torch import nn

from zoo.memory_layout import lay_out


def test_weights_of_four_dimensions_are_laid_out_and_those_of_five_stay():
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.Unflatten(1, (2, 4)), nn.Conv3d(2, 3, 3), nn.Flatten(), nn.LazyLinear(2)
    )
    model.register_buffer("kernel", torch.rand(4, 3, 2, 2))
    images = torch.rand(2, 3, 8, 8)
    before = model(images)
    weights = [parameter.clone() for parameter in model.parameters()]
    lay_out(model, torch.channels_last)
    for tensor in (model[0].weight, model.kernel):
        assert tensor.is_contiguous(memory_format=torch.channels_last)
        assert not tensor.is_contiguous()
    assert model[2].weight.is_contiguous()
    assert all(map(torch.equal, weights, model.parameters()))
    torch.testing.assert_close(model(images), before)
    lay_out(model, torch.contiguous_format)
    assert all(tensor.is_contiguous() for tensor in (*model.parameters(), model.kernel))
