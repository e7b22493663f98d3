"""Peak memory: of this process, and of the accelerator."""

from __future__ import annotations

import resource
import sys
import types
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.machine.system import own_kib

MIB = 2**20
CLEAR_REFS = Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # proc(5): resets the peak resident set size


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Peaks since `reset`, in MiB; the accelerator's are None on the CPU."""

    process_mib: float
    allocated_mib: float | None = None
    reserved_mib: float | None = None


def reset(device: torch.device) -> None:
    """Start anew. Whoever needs the peak of the whole process must read it before."""
    # Not Linux, or forbidden: the peak then is the process's so far, an upper bound.
    with suppress(OSError):
        CLEAR_REFS.write_text(RESET_PEAK)
    if _counts(device):
        _memory(device).reset_peak_memory_stats(device)


def peak(device: torch.device) -> Peak:
    """The peaks since `reset`."""
    if not _counts(device):
        return Peak(process_mib=peak_rss_mib())
    memory = _memory(device)
    return Peak(
        process_mib=peak_rss_mib(),
        allocated_mib=memory.max_memory_allocated(device) / MIB,
        reserved_mib=memory.max_memory_reserved(device) / MIB,
    )


def in_use_mib(device: torch.device) -> float:
    """What is in use now: allocated on the accelerator, or resident in this process."""
    if _counts(device):
        return float(_memory(device).memory_allocated(device)) / MIB
    return _own_mib("VmRSS") or peak_rss_mib()


def peak_rss_mib() -> float:
    """The most physical memory that this process has held since its start or the last `reset`."""
    kept = _own_mib("VmHWM")
    if kept is not None:
        return kept
    peak_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak_rss / MIB if sys.platform == "darwin" else peak_rss / 1024


def _counts(device: torch.device) -> bool:
    return device.type != "cpu" and hasattr(_memory(device), "max_memory_allocated")


def _memory(device: torch.device) -> types.ModuleType:
    """Torch's module for that kind of device, with the device started: before, CUDA has no statistics of `cuda:0`."""
    module: types.ModuleType = getattr(torch, device.type)
    if hasattr(module, "init"):
        module.init()
    return module


def _own_mib(field: str) -> float | None:
    kib = own_kib(field)
    return None if kib is None else kib / 1024
