"""One set of numerics a device: training and timing must not be able to read the settings differently."""

from __future__ import annotations

import pytest
import torch

from harness.plan.config import Numerics
from harness.training.numerics import resolve_numerics

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("channels_last", "amp", "device", "expected"),
    [
        ("auto", True, CUDA, torch.channels_last),
        ("auto", False, CUDA, torch.contiguous_format),
        ("auto", True, CPU, torch.contiguous_format),
        ("on", False, CPU, torch.channels_last),
        ("off", True, CUDA, torch.contiguous_format),
    ],
)
def test_auto_is_channels_last_on_cuda_with_mixed_precision_only(channels_last, amp, device, expected):
    numerics = resolve_numerics(Numerics(channels_last=channels_last, amp=amp), device)
    assert numerics.memory_format == expected


@pytest.mark.parametrize(
    ("settings", "dtype", "precision", "scaled"),
    [
        ({}, torch.float32, "float32", False),
        ({"amp_dtype": "float16"}, torch.float32, "float32", False),
        ({"amp": True}, torch.bfloat16, "amp_bfloat16", False),
        ({"amp": True, "amp_dtype": "float16"}, torch.float16, "amp_float16", True),
    ],
)
def test_steps_run_in_the_precision_that_the_row_names(settings, dtype, precision, scaled):
    numerics = resolve_numerics(Numerics(**settings), CPU)
    with numerics.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
    assert (numerics.precision, numerics.make_scaler().is_enabled()) == (precision, scaled)
