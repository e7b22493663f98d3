from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.timing.flops import count
from zoo.describe import count_macs


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


class Patches(nn.Module):
    """`block` over 16 tokens of 48 numbers, which were pixels, then a classifier; made for [3, 16, 16]."""

    def __init__(self, block, width, select=lambda output: output):
        super().__init__()
        self.block, self.fc, self.select = block, nn.Linear(width, 10), select

    def forward(self, images):
        return self.fc(self.select(self.block(images.flatten(1).unflatten(1, (16, 48)))).mean(1))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(48, 3 * 48)

    def forward(self, tokens):
        query, key, value = self.qkv(tokens).unflatten(2, (12, 12)).transpose(1, 2).chunk(3, dim=1)
        return nn.functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)


class SelfAttention(nn.MultiheadAttention):
    def forward(self, tokens):
        return super().forward(tokens, tokens, tokens, need_weights=False)[0]


ATTENTION = 4 * 48 * 48 * 16 + 2 * 16 * 16 * 48  # queries, keys, values, output; then scores, and what they weigh
FUSED = {
    "attention": (lambda: Patches(Attention(), 48), ATTENTION - 48 * 48 * 16 + 480),
    "self-attention": (lambda: Patches(SelfAttention(48, 4, batch_first=True), 48), ATTENTION + 480),
    "transformer": (
        lambda: Patches(nn.TransformerEncoderLayer(48, 4, 96, batch_first=True), 48),
        ATTENTION + 2 * 48 * 96 * 16 + 480,
    ),
    "lstm": (
        lambda: Patches(nn.LSTM(48, 32, batch_first=True), 32, lambda output: output[0]),
        16 * 4 * (48 + 32) * 32 + 320,
    ),
    "gru": (
        lambda: Patches(nn.GRU(48, 32, batch_first=True), 32, lambda output: output[0]),
        16 * 3 * (48 + 32) * 32 + 320,
    ),
}


@pytest.mark.fault(140)
@pytest.mark.parametrize("name", FUSED)
def test_layers_that_a_cpu_does_in_one_kernel_have_the_work_of_their_parts(name):
    make, macs = FUSED[name]
    model = make().eval()
    fused, onednn = torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.enabled
    assert count_macs(model, (3, 16, 16)) == macs
    assert count(model, (3, 16, 16)).gmacs * 1e9 == pytest.approx(macs)
    assert (torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.enabled) == (fused, onednn)


@pytest.mark.fault(140)
@pytest.mark.parametrize(
    ("name", "gmacs"), [("vit_small_patch16_224", 4.6), ("swin_tiny_patch4_window7_224", 4.5), ("resnet18", 1.82)]
)
def test_known_models_of_timm_have_their_published_work(name, gmacs):
    timm = pytest.importorskip("timm")
    try:
        with torch.device("meta"):
            model = timm.create_model(name)
    except RuntimeError:  # timm before 1.0 reads tensors while it builds
        model = timm.create_model(name)
    assert count(model, (3, 224, 224)).gmacs == pytest.approx(gmacs, abs=0.05)


def test_half_precision_models_are_counted_too():
    assert count(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).to(torch.bfloat16), (3, 2, 2)).param_count == 26


def test_shared_weights_count_once_as_parameters_and_twice_as_work():
    layer = nn.Linear(12, 12)
    work = count(nn.Sequential(nn.Flatten(), layer, layer), (3, 2, 2))
    assert work.param_count == 12 * 12 + 12
    assert work.gmacs * 1e9 == pytest.approx(2 * 12 * 12)
