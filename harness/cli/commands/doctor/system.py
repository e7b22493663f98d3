"""Memory, disk, clock, governor and load: what the operating system tells. Works without torch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from time import get_clock_info

from harness.cli.commands.doctor.line import Line
from harness.machine.system import free_memory, load, memory_kib, visible_cpus

SYSTEM = Path("/sys/devices/system")
CLOCK_SOURCE = SYSTEM / "clocksource/clocksource0/current_clocksource"
GOVERNORS = "cpu[0-9]*/cpufreq/scaling_governor"
SLOW_CLOCKS = {"hpet", "acpi_pm", "jiffies", "refined-jiffies"}
LEAST_MEMORY_GIB, LEAST_DISK_GIB = 2.0, 2.0
BUSY_SHARE = 0.25


def lines(folder: Path) -> Iterator[Line]:
    """What holds for this machine and for `folder`, where results go."""
    yield memory()
    yield disk(folder)
    yield clock()
    yield governor(SYSTEM / "cpu")
    yield current_load(load(), visible_cpus())


def memory() -> Line:
    """Memory that programs can have without swapping."""
    free_kib, total_kib = memory_kib("MemAvailable"), memory_kib("MemTotal")
    if free_kib is None or total_kib is None:
        return Line(topic="memory", found="unknown")
    free, total = free_memory() / 2**30, total_kib / 2**20
    problem = "" if free >= LEAST_MEMORY_GIB else "little is left: large models will be killed; close other programs"
    return Line(topic="memory", found=f"{free:.1f} of {total:.1f} GiB free", problem=problem)


def disk(folder: Path) -> Line:
    """Room where results go."""
    # Where the folder is yet to be made, it will lie on the disk of the first that is there.
    present = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(present).free / 2**30
    problem = "" if free >= LEAST_DISK_GIB else "little is left: use --output on another disk"
    if not os.access(present, os.W_OK):
        problem = "it cannot be written: use --output"
    return Line(topic="disk", found=f"{free:.1f} GiB free for {folder}", problem=problem)


def clock() -> Line:
    """Python's finest clock, and what the kernel reads it from."""
    info = get_clock_info("perf_counter")
    source = CLOCK_SOURCE.read_text().strip() if CLOCK_SOURCE.exists() else ""
    text = f"{info.implementation.split('(')[-1].rstrip(')')}, resolution {info.resolution * 1e9:.0f} ns"
    text += f", from {source}" if source else ""
    problem = f"{source} is slow to read: short steps will seem longer" if source in SLOW_CLOCKS else ""
    return Line(topic="clock", found=text, problem=problem)


def governor(folder: Path) -> Line:
    """How the kernel chooses the cores' frequency."""
    governors = sorted({path.read_text().strip() for path in folder.glob(GOVERNORS)})
    if not governors:
        return Line(topic="governor", found="not told (a virtual machine, or not Linux)")
    problem = "" if governors == ["performance"] else "the frequency varies: sudo cpupower frequency-set -g performance"
    return Line(topic="governor", found=", ".join(governors), problem=problem)


def current_load(average: float | None, cores: int) -> Line:
    """Whether the machine is at rest."""
    if average is None:
        return Line(topic="load", found="unknown")
    busy = average > BUSY_SHARE * cores
    problem = "other programs are running: times will be flagged noisy" if busy else ""
    return Line(topic="load", found=f"{average:.2f} on {cores} cores in the last minute", problem=problem)
