"""The contract suite passes what is right and names what is wrong."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import zoo
from tests.zoo.heads.networks import Auxiliary, Plain, Unused
from zoo.testing import check_model, failures


def spec(network, name="mine/net"):
    return zoo.ModelSpec(name=name, build=lambda task: network(task.num_classes))


class Noisy(Plain):
    def forward(self, images):
        return super().forward(images) + torch.rand(1)


class Forgetful(Plain):
    def __init__(self, num_classes):
        super().__init__(num_classes)
        self.scale = torch.rand(1) + 1

    def forward(self, images):
        return self.scale * super().forward(images)


class Batched(Plain):
    def forward(self, images):
        return super().forward(images)[: max(2, len(images) - 1)].repeat(2 if len(images) == 1 else 1, 1)


@pytest.mark.parametrize("network", [Plain, Auxiliary])
def test_a_sound_model_passes_all_six_checks(network):
    assert [outcome for _, outcome in check_model(spec(network))] == ["ok"] * 6


@pytest.mark.parametrize(
    ("network", "check"),
    [
        (Unused, "gradients reach every parameter"),
        (Noisy, "eval mode is deterministic"),
        (Batched, "a single image is accepted in eval mode"),
        (Forgetful, "a state_dict rebuilds the model"),
        (lambda n: nn.Sequential(Plain(n), nn.Softmax(1)), "builds and gives logits [batch, classes]"),
    ],
)
def test_a_fault_is_named(network, check):
    assert check in [name for name, _ in failures(spec(network))]


def test_a_name_that_is_a_path_is_refused():
    assert failures(spec(Plain, "../net"))[0][0] == "name is valid"
