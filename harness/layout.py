# ruff: noqa: TID253
"""The memory layout of images and convolution weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from harness.config import TrainConfig


def memory_format(config: TrainConfig, device: torch.device) -> torch.memory_format:
    """Channels-last where it was asked for; `auto` means on CUDA with mixed precision, where tensor cores want it."""
    auto = config.channels_last == "auto" and device.type == "cuda" and config.amp
    return torch.channels_last if auto or config.channels_last == "on" else torch.contiguous_format
