# ruff: noqa: TID253
"""Which number format the arithmetic runs in: plain float32 unless mixed precision was asked for."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from harness.config import TrainConfig


def autocast(config: TrainConfig, device: torch.device) -> AbstractContextManager[Any]:
    """A context in which the forward pass and the loss run; enter it anew at each step."""
    dtype = lowered(config)
    return torch.autocast(device.type, dtype=dtype) if dtype else nullcontext()


def lowered(config: TrainConfig) -> torch.dtype | None:
    """The number format of mixed precision; None where it was not asked for."""
    dtype: torch.dtype | None = getattr(torch, config.amp_dtype) if config.amp else None
    return dtype


def make_scaler(config: TrainConfig, device: torch.device) -> torch.amp.GradScaler:
    """Scales the loss where float16 gradients would underflow; bfloat16 and float32 need none."""
    return torch.amp.GradScaler(device.type, enabled=config.amp and config.amp_dtype == "float16")


def name(config: TrainConfig) -> str:
    """What the row says: "float32", or "amp_" and the format."""
    return f"amp_{config.amp_dtype}" if config.amp else "float32"


def forbid_tf32() -> None:
    """Float32 means float32: cuDNN would otherwise round convolutions to 10 bits of mantissa without being asked."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
