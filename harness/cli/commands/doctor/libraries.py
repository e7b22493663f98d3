"""Versions, torch's devices and threads; and the known ways in which an installation is broken."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version

from harness.cli.commands.doctor.line import Line

PACKAGES = ("torch", "torchvision", "timm", "pluggy", "numpy", "pandas", "scikit-learn", "pillow", "safetensors")
PIN = re.compile(r"torch *\(?(==|>=) *([\d.]+)")
REPAIR = "reinstall both together: pip install --force-reinstall torch torchvision"


def versions() -> Iterator[Line]:
    """What is installed, without importing it."""
    yield Line(topic="python", found=platform.python_version())
    for name in PACKAGES:
        try:
            yield Line(topic=name, found=version(name), problem=mismatch() if name == "torchvision" else "")
        except PackageNotFoundError:
            yield Line(topic=name, found="not installed", problem=f"pip install {name}")


def mismatch() -> str:
    """What is wrong where torchvision was built for another torch than the one installed; empty where it fits.

    The wrong pair fails with words such as "operator torchvision::nms does not exist".
    """
    try:
        installed = version("torch").partition("+")[0]
        pins = [PIN.match(text) for text in requires("torchvision") or ()]
    except PackageNotFoundError:
        return ""
    sign, wanted = next((pin.groups() for pin in pins if pin), ("", ""))
    fits = not wanted or installed == wanted or (sign == ">=" and _numbers(installed) >= _numbers(wanted))
    return "" if fits else f"made for torch {wanted}, found {installed}; {REPAIR}"


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def imports() -> Iterator[Line]:
    """Whether torch and torchvision can be imported, and fit each other."""
    for name in ("torch", "torchvision"):
        try:
            import_module(name)
        except Exception as error:  # whatever a broken binary raises: OSError, RuntimeError, AttributeError
            reason = " ".join(str(error).split())[:200]
            yield Line(topic=f"import {name}", found="failed", problem=f"{type(error).__name__}: {reason}; {REPAIR}")
            return


def cpu(capability: str) -> Line:
    """The processor, and how much of it may be used: by affinity, and by the quota of a container."""
    from harness.machine.control_group import cpu_quota
    from harness.machine.system import cpu_name, num_cpus, visible_cpus
    from harness.machine.threads import default_threads

    cores, visible, threads, quota = num_cpus(), visible_cpus(), default_threads(), cpu_quota()
    limit = f" (a quota gives the time of {quota:.3g} of {visible})" if quota is not None and quota < visible else ""
    if threads > cores:
        problem = f"more threads than the {cores} cores slow each other down: --num-threads {cores}"
    else:
        problem = "a quota stops all threads for part of each period: times will be flagged noisy" if limit else ""
    found = f"{cpu_name()}, {cores} cores{limit}, {capability}, {threads} threads"
    return Line(topic="cpu", found=found, problem=problem)


def devices() -> Iterator[Line]:
    """What torch can compute on, and with how many threads."""
    import torch

    from harness.machine import devices
    from harness.machine import facts as machine

    yield cpu(torch.backends.cpu.get_cpu_capability())
    for name in devices.present()[1:]:
        facts = machine.accelerator(torch.device(name))
        details = [str(facts[key]) for key in ("name", "memory_gib", "capability") if key in facts]
        yield Line(topic=name, found=", ".join(details))
    if len(devices.present()) == 1:
        why = "torch has CUDA, but finds no device" if torch.version.cuda else "this torch was built without CUDA"
        yield Line(topic="accelerator", found=f"none: {why}")
