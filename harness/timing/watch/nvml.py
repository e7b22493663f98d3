"""NVIDIA's own counters of a GPU's energy and slow-downs, from the driver's library; elsewhere nothing."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import torch

LIBRARY = "libnvidia-ml.so.1"
SUCCESS = 0
# nvml.h, nvmlClocksEventReason…: what should not happen. The power limit is not among them: under full load it is
# where a GPU settles.
SLOWDOWNS = {0x08: "hardware slow-down", 0x20: "heat", 0x40: "heat", 0x80: "power brake"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One GPU, as NVML knows it."""

    library: Any
    handle: ctypes.c_void_p

    def joules(self) -> float | None:
        """Energy since the driver was loaded; None before the Volta generation, which has no counter."""
        millijoules = ctypes.c_ulonglong()
        code = self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle, ctypes.byref(millijoules))
        return millijoules.value / 1e3 if code == SUCCESS else None

    def free_bytes(self) -> int | None:
        """Memory that nobody has taken; None where the driver does not say."""
        memory = (ctypes.c_ulonglong * 3)()  # nvmlMemory_t: total, free, used
        code = self.library.nvmlDeviceGetMemoryInfo(self.handle, ctypes.byref(memory))
        return memory[1] if code == SUCCESS else None

    def slowdowns(self) -> list[str]:
        """Why the GPU runs slower at this moment, in words; empty where it does not, or does not say."""
        reasons = ctypes.c_ulonglong()
        code = self.library.nvmlDeviceGetCurrentClocksThrottleReasons(self.handle, ctypes.byref(reasons))
        if code != SUCCESS:
            return []
        return list(dict.fromkeys(word for bit, word in SLOWDOWNS.items() if reasons.value & bit))


def board(device: torch.device) -> Board | None:
    """The board behind a CUDA device, found by its UUID: indices differ under CUDA_VISIBLE_DEVICES."""
    if device.type != "cuda" or torch.version.hip:
        return None
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    uuid = getattr(torch.cuda.get_device_properties(device), "uuid", None)
    handle = ctypes.c_void_p()
    is_open = (
        uuid is not None
        and library.nvmlInit_v2() == SUCCESS
        and library.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}".encode(), ctypes.byref(handle)) == SUCCESS
    )
    return Board(library=library, handle=handle) if is_open else None
