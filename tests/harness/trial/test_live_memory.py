from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.plan.config import Numerics
from harness.trial.live_memory import forward_bytes

SHAPE = (4, 3, 8, 8)
IMAGES = 4 * 4 * 3 * 8 * 8
FEATURES = 4 * 4 * 5 * 8 * 8


def layers(*after: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 5, 1), *after)


def test_training_holds_what_each_layer_has_made_and_inference_only_what_is_in_use():
    model = layers(nn.Sigmoid(), nn.Sigmoid(), nn.Sigmoid())  # whose results are enough for their gradients
    assert forward_bytes(model, SHAPE, Numerics(), training=True) == IMAGES + 3 * FEATURES
    assert forward_bytes(model, SHAPE, Numerics(), training=False) == IMAGES + 2 * FEATURES


def test_a_frozen_layer_keeps_nothing_for_a_backward_pass():
    model = layers(nn.Sigmoid(), nn.Sigmoid(), nn.Sigmoid()).requires_grad_(False)
    assert forward_bytes(model, SHAPE, Numerics(), training=True) == IMAGES + 2 * FEATURES


def test_what_changes_in_place_or_is_a_view_is_counted_once():
    model = layers(nn.ReLU(inplace=True), nn.Flatten(), nn.Unflatten(1, (5, 64)))
    assert forward_bytes(model, SHAPE, Numerics(), training=True) == IMAGES + FEATURES


def test_mixed_precision_halves_what_layers_make():
    model = layers(nn.Conv2d(5, 5, 1), nn.Conv2d(5, 5, 1), nn.Conv2d(5, 5, 1))
    whole = forward_bytes(model, SHAPE, Numerics(), training=True)
    half = forward_bytes(model, SHAPE, Numerics(amp=True), training=True)
    assert half - IMAGES - IMAGES // 2 == pytest.approx((whole - IMAGES) / 2, rel=0.1)  # and copies of the weights


def test_attention_keeps_no_matrix_of_weights():
    model = nn.Sequential(nn.Flatten(2), nn.TransformerEncoderLayer(64, 2, 64, dropout=0.0, batch_first=True))
    few, many = (forward_bytes(model, (1, n, 8, 8), Numerics(), training=True) for n in (64, 1024))
    assert many < 16 * few  # of 256 times the weights


def test_nothing_is_computed_nor_changed():
    model = layers(nn.BatchNorm2d(5)).to("meta")
    real = layers(nn.BatchNorm2d(5))
    before = {name: one.clone() for name, one in real.state_dict().items()}
    assert forward_bytes(model, SHAPE, Numerics(), training=True) == forward_bytes(
        real, SHAPE, Numerics(), training=True
    )
    assert all(torch.equal(one, before[name]) for name, one in real.state_dict().items())
