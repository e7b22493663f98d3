"""Timing one model: the call that a trial makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.timing.bench import Entry
from harness.timing.fleet import time_together

if TYPE_CHECKING:
    import torch
    from torch import nn

    from harness.config import TimingConfig
    from harness.timing.clock import Clock
    from harness.timing.outcome import Timing


def measure(
    model: nn.Module,
    input_shape: tuple[int, int, int],
    num_classes: int,
    device: torch.device,
    config: TimingConfig,
    *,
    clock: Clock | None = None,
) -> Timing:
    """Time inference and training steps of `model` on `device`; the model comes back exactly as it was.

    `input_shape` is [C, H, W]. The measurements are named `cpu_infer_step_time`, `cuda_train_step_time` and so on, in
    ms a batch with all samples. A step that raises is in `failures`, not an exception.
    """
    entry = Entry(name="model", model=model, input_shape=input_shape, num_classes=num_classes)
    (timing,) = time_together([entry], device, config, clock=clock)
    return timing
