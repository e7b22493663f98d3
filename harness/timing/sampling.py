"""The timing engine: warm up until steady, then sample until the median is known well enough."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from harness.timing.watch.suspension import stops_noticed
from results.ranking.step_times import half_width

if TYPE_CHECKING:
    from harness.timing.clock import Clock, Step

WINDOW = 3
STEADY = 0.95
# A tight interval of few samples taken in an instant may have missed the machine's next change of pace.
LEAST_SHARE = 0.2
LEAST_TO_JUDGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to sample: at most `budget_s` and `max_samples`, at least `min_samples`, else until ±`tolerance`."""

    budget_s: float
    tolerance: float = 0.02
    min_samples: int = 5
    max_samples: int = 2000


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's garbage collector from running inside a step; restore it as it was."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def warm_up(clock: Clock, step: Step, limit_s: float) -> list[float]:
    """Run steps until they no longer get faster or `limit_s` has passed; returns their times in ms, the cold one first.

    A fixed count is wrong both ways: the first optimizer of a process imports for seconds, kernels and memory pools
    settle over the first steps, and a step of seconds need not be repeated ten times.
    """
    deadline = perf_counter() + limit_s
    times = [clock.time_ms(step)]
    while perf_counter() < deadline and not is_steady(times):
        times.append(clock.time_ms(step))
    return times


def is_steady(times: list[float]) -> bool:
    """Whether the last few steps are no longer faster than the best step before them."""
    before, latest = times[:-WINDOW], times[-WINDOW:]
    return bool(before) and min(latest) >= STEADY * min(before)


def collect(clock: Clock, step: Step, effort: Effort, samples: list[float]) -> None:
    """Append the times of more steps to `samples`, in ms, until `effort` is satisfied by all of them.

    A step during which the process was stopped is none: its time is not the model's.
    """
    start = perf_counter()
    first = len(samples)
    judge_at = max(LEAST_TO_JUDGE, first + 1)
    with collector_paused(), stops_noticed() as stops:
        while True:
            samples.append(clock.time_ms(step))
            if stops:
                samples.pop()
                stops.clear()
                continue
            taken, elapsed = len(samples) - first, perf_counter() - start
            if taken < effort.min_samples:
                continue
            if elapsed >= effort.budget_s or taken >= effort.max_samples:
                return
            if len(samples) >= judge_at and elapsed >= LEAST_SHARE * effort.budget_s:
                if half_width(samples) <= effort.tolerance:
                    return
                # Judging sorts all samples, so it is done ever more rarely: under 1 µs a step on average.
                judge_at = len(samples) + len(samples) // 4
