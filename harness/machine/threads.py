"""How many threads torch uses where nobody asked for a number."""

from __future__ import annotations

import os

import torch

from harness.machine.system import num_cpus

NAMES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # by which a person asks libraries for a number


def default_threads() -> int:
    """As many as torch has by now, but no more than the cores whose time may be used: torch knows of no quota."""
    now = torch.get_num_threads()
    return now if any(os.environ.get(name) for name in NAMES) else min(now, num_cpus())
