"""Versions, torch's devices and threads; and the known ways in which an installation is broken."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from harness.doctor.line import Line

PACKAGES = ("torch", "torchvision", "timm", "pluggy", "numpy", "pandas", "scikit-learn", "pillow", "safetensors")
REPAIR = "reinstall both together: pip install --force-reinstall torch torchvision"


def versions() -> Iterator[Line]:
    """What is installed, without importing it."""
    yield Line(topic="python", found=platform.python_version())
    for name in PACKAGES:
        try:
            yield Line(topic=name, found=version(name))
        except PackageNotFoundError:
            yield Line(topic=name, found="not installed", problem=f"pip install {name}")


def imports() -> Iterator[Line]:
    """Whether torch and torchvision can be imported, and fit each other."""
    for name in ("torch", "torchvision"):
        try:
            import_module(name)
        except Exception as error:  # whatever a broken binary raises: OSError, RuntimeError, AttributeError
            reason = " ".join(str(error).split())[:200]
            yield Line(topic=f"import {name}", found="failed", problem=f"{type(error).__name__}: {reason}; {REPAIR}")
            return


def devices() -> Iterator[Line]:
    """What torch can compute on, and with how many threads."""
    import torch

    from harness import devices, machine
    from harness.timing.conditions import num_cpus

    cores, threads = num_cpus(), torch.get_num_threads()
    problem = f"more threads than the {cores} cores slow each other down: --num-threads {cores}"
    found = f"{machine.cpu_name()}, {cores} cores, {torch.backends.cpu.get_cpu_capability()}, {threads} threads"
    yield Line(topic="cpu", found=found, problem=problem if threads > cores else "")
    for name in devices.present()[1:]:
        facts = machine.accelerator(torch.device(name))
        details = [str(facts[key]) for key in ("name", "memory_gib", "capability") if key in facts]
        yield Line(topic=name, found=", ".join(details))
    if len(devices.present()) == 1:
        why = "torch has CUDA, but finds no device" if torch.version.cuda else "this torch was built without CUDA"
        yield Line(topic="accelerator", found=f"none: {why}")
