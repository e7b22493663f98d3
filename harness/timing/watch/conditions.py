"""What else the machine did while something was timed. Linux tells; elsewhere the missing facts stay unknown."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time, thread_time

from harness.machine.system import busy_seconds

CPU_FOLDER = Path("/sys/devices/system/cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Counters at one moment, in seconds where they are times; None where the system does not tell.

    `machine_s` is CPU time spent by all processes, `stolen_s` by other guests of a virtual machine's host.
    """

    wall_s: float
    process_s: float
    system_s: float
    thread_s: float
    involuntary: int
    page_reads: int
    machine_s: float | None
    stolen_s: float | None
    throttles: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What happened between two snapshots. `foreign_cores` is how many cores other processes kept busy on average.

    `thread_share` is the share of the time in which the timing thread was on a core, `involuntary_rate` how often a
    second the scheduler took a core from one of our threads, `system_share` the part of our CPU time that the kernel
    spent for us, mostly on memory that is given back and taken anew.
    """

    wall_s: float
    thread_share: float
    involuntary_rate: float
    page_reads: int
    foreign_cores: float | None
    stolen_cores: float | None
    throttles: int | None
    system_share: float = 0.0


def take() -> Snapshot:
    """The counters now; costs about 0.1 ms."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    machine_s, stolen_s = busy_seconds()
    return Snapshot(
        wall_s=perf_counter(),
        process_s=process_time(),
        system_s=usage.ru_stime,
        thread_s=thread_time(),
        involuntary=usage.ru_nivcsw,
        page_reads=usage.ru_majflt,
        machine_s=machine_s,
        stolen_s=stolen_s,
        throttles=_throttles(),
    )


def between(before: Snapshot, after: Snapshot) -> Conditions:
    """What happened from one snapshot to the next."""
    wall = max(after.wall_s - before.wall_s, 1e-9)  # a coarse clock gives two snapshots one moment
    own = after.process_s - before.process_s
    machine = _difference(before.machine_s, after.machine_s)
    stolen = _difference(before.stolen_s, after.stolen_s)
    return Conditions(
        wall_s=wall,
        thread_share=(after.thread_s - before.thread_s) / wall,
        involuntary_rate=(after.involuntary - before.involuntary) / wall,
        page_reads=after.page_reads - before.page_reads,
        foreign_cores=None if machine is None else max(machine - own, 0.0) / wall,
        stolen_cores=None if stolen is None else stolen / wall,
        throttles=None if after.throttles is None else after.throttles - (before.throttles or 0),
        system_share=(after.system_s - before.system_s) / own if own > 0 else 0.0,
    )


def combined(parts: Sequence[Conditions]) -> Conditions:
    """Several stretches of time as one: rates are averaged by duration, counts added."""
    wall = sum(part.wall_s for part in parts)

    def mean(name: str) -> float:
        return sum((getattr(part, name) or 0.0) * part.wall_s for part in parts) / wall

    return Conditions(
        wall_s=wall,
        thread_share=mean("thread_share"),
        involuntary_rate=mean("involuntary_rate"),
        page_reads=sum(part.page_reads for part in parts),
        foreign_cores=None if parts[0].foreign_cores is None else mean("foreign_cores"),
        stolen_cores=None if parts[0].stolen_cores is None else mean("stolen_cores"),
        throttles=None if parts[0].throttles is None else sum(part.throttles or 0 for part in parts),
        system_share=mean("system_share"),
    )


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _throttles() -> int | None:
    """How often a core was slowed down for heat, summed over the cores; None where no counter is kept."""
    counters = list(CPU_FOLDER.glob("cpu[0-9]*/thermal_throttle/core_throttle_count"))
    return sum(int(counter.read_text()) for counter in counters) if counters else None
