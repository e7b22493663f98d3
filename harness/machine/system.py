"""What the operating system tells of cores, memory and load. Imports no torch; outside Linux some facts are unknown."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness.machine.control_group import cpu_quota, memory_room

PROC = Path("/proc")
LIBRARIES = ("torch", "torchvision", "timm")  # whose versions decide what a model computes


def installed(name: str) -> str | None:
    """The version of an installed package; None where it is not installed. Imports nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def num_cpus() -> int:
    """Cores that this process may use, by affinity and by its control group's quota; of that the whole ones.

    A thread more than the quota has whole cores would be stopped for part of each period, and all wait for it.
    """
    visible = visible_cpus()
    quota = cpu_quota()
    return visible if quota is None else max(1, min(visible, int(quota)))


def visible_cpus() -> int:
    """Cores that this process may run on, for however much of the time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float | None:
    """Runnable processes on average over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def cpu_name() -> str:
    """The processor's product name, or its architecture where the system does not say."""
    names = (line.split(":", 1)[1].strip() for line in _lines("cpuinfo") if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def memory_gib() -> float | None:
    """Physical memory of the machine."""
    if "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)


def free_memory() -> int:
    """Bytes of memory that can be had without swapping, and within a container's limit; 0 where nobody says."""
    free, room = _free_of_machine(), memory_room()
    return free if room is None else min(free, room)


def _free_of_machine() -> int:
    kib = memory_kib("MemAvailable")
    if kib is not None:
        return 1024 * kib
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0


def memory_kib(field: str) -> int | None:
    """A field of /proc/meminfo, such as MemTotal; None where there is none."""
    return _kib("meminfo", field)


def own_kib(field: str) -> int | None:
    """A field of this process's /proc/self/status, such as VmRSS or VmData; None where there is none."""
    return _kib("self/status", field)


def busy_seconds() -> tuple[float | None, float | None]:
    """CPU seconds used by all processes on the cores that this one may use, and those stolen from them by a host."""
    lines = _lines("stat")
    if not lines:
        return None, None
    mine = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    ticks = [[int(field) for field in line.split()[1:9]] for line in lines if line.split(maxsplit=1)[0] in mine]
    per_second = os.sysconf("SC_CLK_TCK")
    # user, nice, system, idle, iowait, irq, softirq, steal
    busy = sum(user + nice + system + irq + soft for user, nice, system, _, _, irq, soft, _ in ticks)
    return busy / per_second, sum(row[7] for row in ticks) / per_second


def descendants(pid: int) -> list[int]:
    """The processes that `pid` started, and those that these started; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*/stat"):
        lines = _lines(str(entry.relative_to(PROC)))
        if lines:  # else it has ended meanwhile; its name, in brackets, may hold anything
            children.setdefault(int(lines[-1].rpartition(")")[2].split()[1]), []).append(int(entry.parent.name))
    found = list(children.get(pid, ()))
    for child in found:  # which grows
        found += children.get(child, ())
    return found


def _kib(file: str, field: str) -> int | None:
    values = (line.split()[1] for line in _lines(file) if line.startswith(f"{field}:"))
    value = next(values, None)
    return None if value is None else int(value)


def _lines(file: str) -> list[str]:
    """The lines of a file of /proc; none where there is no such file."""
    try:
        return (PROC / file).read_text().splitlines()
    except OSError:
        return []
