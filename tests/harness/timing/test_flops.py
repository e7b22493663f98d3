from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.timing.flops import count


def test_a_known_network_has_its_known_work():
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 16, 10))
    work = count(model, (3, 4, 4))
    assert work.gmacs * 1e9 == pytest.approx(8 * 16 * 27 + 8 * 16 * 10)
    assert work.mactivations * 1e6 == pytest.approx(8 * 16 + 10)
    assert work.param_count == 8 * 27 + 8 + 128 * 10 + 10


def test_counting_leaves_the_model_as_it_was():
    model = nn.Linear(12, 2).train()
    hooks = len(model._forward_hooks)
    count(nn.Sequential(nn.Flatten(), model), (3, 2, 2))
    assert model.weight.device.type == "cpu"
    assert model.training
    assert len(model._forward_hooks) == hooks


def test_a_model_that_reads_its_tensors_is_counted_on_the_cpu():
    class Reads(nn.Linear):
        def forward(self, x):
            return super().forward(x.flatten(1)) * self.weight.sum().item()

    assert count(Reads(12, 2), (3, 2, 2)).gmacs == pytest.approx(24e-9)


def test_half_precision_models_are_counted_too():
    assert count(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).to(torch.bfloat16), (3, 2, 2)).param_count == 26


def test_shared_weights_count_once_as_parameters_and_twice_as_work():
    layer = nn.Linear(12, 12)
    work = count(nn.Sequential(nn.Flatten(), layer, layer), (3, 2, 2))
    assert work.param_count == 12 * 12 + 12
    assert work.gmacs * 1e9 == pytest.approx(2 * 12 * 12)
