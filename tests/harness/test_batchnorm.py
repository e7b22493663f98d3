"""Batch-norm momentum is part of the shared recipe."""

from __future__ import annotations

from torch import nn

from harness.batchnorm import raise_momentum


def test_a_momentum_too_low_for_a_short_training_is_raised_and_others_stay():
    model = nn.Sequential(*(nn.BatchNorm2d(2, momentum=momentum) for momentum in (0.01, 0.1, 0.3, None)))
    raise_momentum(model)
    assert [layer.momentum for layer in model] == [0.1, 0.1, 0.3, None]
