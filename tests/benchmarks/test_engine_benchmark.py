"""What the timing engine itself costs: `pytest tests/benchmarks --benchmark-only`."""

from __future__ import annotations

from time import perf_counter_ns

import pytest

from harness.timing.clock import HostClock
from harness.timing.sampling import Effort, collect
from tests.benchmarks.yardstick import slower_than_saved

NUM_STEPS = 2000
MOST_US = 20.0
EFFORT = Effort(budget_s=60, tolerance=0.0, max_samples=NUM_STEPS)


def nothing() -> None: ...


def engine() -> None:
    collect(HostClock(nothing), nothing, EFFORT, [])


def plain_loop() -> None:
    """The least that any timing loop does: read the clock before and after each step and keep the difference."""
    times = []
    for _ in range(NUM_STEPS):
        start = perf_counter_ns()
        nothing()
        times.append((perf_counter_ns() - start) / 1e6)


@pytest.mark.benchmark(group="timing engine")
@pytest.mark.parametrize("loop", [engine, plain_loop], ids=lambda loop: loop.__name__)
def test_steps_that_do_nothing(benchmark, loop):
    benchmark(loop)


@pytest.mark.benchmark(group="timing engine, limits")
def test_the_engine_costs_less_than_20_microseconds_a_step(benchmark):
    benchmark.pedantic(engine, rounds=20, warmup_rounds=1)
    per_step_us = benchmark.stats.stats.min / NUM_STEPS * 1e6
    print(f"\n{per_step_us:.2f} µs a step")
    assert per_step_us < MOST_US


@pytest.mark.benchmark(group="timing engine, limits")
def test_the_engine_is_no_slower_beside_a_plain_loop_than_it_was(benchmark):
    def both() -> float:
        start = perf_counter_ns()
        engine()
        middle = perf_counter_ns()
        plain_loop()
        return (middle - start) / (perf_counter_ns() - middle)

    ratios = [both() for _ in range(9)]
    benchmark.pedantic(both, rounds=3)
    assert slower_than_saved("timing engine / plain loop", min(ratios)) == ""
