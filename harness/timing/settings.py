# ruff: noqa: TID253
"""Switches of the whole process that change what a step costs: threads and the rounding of float32 products."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from harness.numerics import forbid_tf32

if TYPE_CHECKING:
    from harness.config import TimingConfig


@contextmanager
def applied(config: TimingConfig) -> Iterator[None]:
    """Set what `config` asks for, and put it back. Float32 is float32: on the device as on the CPU, no TF32."""
    num_threads = torch.get_num_threads()
    tf32 = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    if config.numerics.num_threads is not None:
        torch.set_num_threads(config.numerics.num_threads)
    forbid_tf32()
    try:
        yield
    finally:
        torch.set_num_threads(num_threads)
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = tf32
