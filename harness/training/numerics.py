"""What `Numerics` come to on one device: number format, memory layout, and how the loss is scaled."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from harness.plan.config import Numerics


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNumerics:
    """The arithmetic of every step on `device`; `amp_dtype` is None in plain float32."""

    device: torch.device
    precision: str
    amp_dtype: torch.dtype | None
    memory_format: torch.memory_format

    def autocast(self) -> AbstractContextManager[Any]:
        """A context in which the forward pass and the loss run; enter it anew at each step."""
        return nullcontext() if self.amp_dtype is None else torch.autocast(self.device.type, dtype=self.amp_dtype)

    def make_scaler(self) -> torch.amp.GradScaler:
        """Scales the loss where float16 gradients would underflow; bfloat16 and float32 need none."""
        return torch.amp.GradScaler(self.device.type, enabled=self.amp_dtype is torch.float16)


def resolve_numerics(numerics: Numerics, device: torch.device) -> DeviceNumerics:
    """The one place where settings become torch's own: training and timing both ask here."""
    return DeviceNumerics(
        device=device,
        precision=numerics.precision,
        amp_dtype=getattr(torch, numerics.amp_dtype) if numerics.amp else None,
        memory_format=torch.channels_last if numerics.is_channels_last(device.type) else torch.contiguous_format,
    )
