"""What a record may say of the machine: what decides its figures, and nothing that says whose machine it is."""

from __future__ import annotations

import platform
from functools import cache
from typing import Any

import torch

from harness.machine import devices
from harness.machine.system import LIBRARIES, cpu_name, installed, memory_gib, num_cpus


def machine_facts(*used: torch.device) -> dict[str, Any]:
    """The machine, with the accelerators among the devices `used`. An allow-list: no host, user, path or address."""
    return {
        **_unchanging(),
        "accelerators": [accelerator(device) for device in used if device.type != "cpu"],
    }


def accelerator(device: torch.device) -> dict[str, Any]:
    """One accelerator's name, memory, and driver as far as torch knows them."""
    facts: dict[str, Any] = {"device": str(device), "name": devices.label(device)}
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts["memory_gib"] = round(properties.total_memory / 2**30, 1)
        facts["capability"] = f"{properties.major}.{properties.minor}"
        facts["cuda"] = torch.version.cuda or torch.version.hip
    return facts


@cache
def _unchanging() -> dict[str, Any]:
    return {
        "cpu": cpu_name(),
        "cores": num_cpus(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "memory_gib": memory_gib(),
        "os": f"{platform.system()} {platform.release().split('-')[0]}",
        "machine": platform.machine(),
        "python": platform.python_version(),
        **{name: installed(name) for name in LIBRARIES},
        "torch": str(torch.__version__),
    }
