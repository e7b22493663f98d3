from __future__ import annotations

import gc

from harness.timing.sampling import Effort, collect, is_steady, warm_up
from tests.harness.timing.standin import FakeClock


def nothing() -> None: ...


def test_warm_up_goes_on_while_steps_get_faster():
    clock = FakeClock(900, 500, 200, 100, 50, 30, 30, 30, 30, 30)
    times = warm_up(clock, nothing, limit_s=10)
    assert times[0] == 900
    assert min(times[-3:]) >= 0.95 * min(times[:-3])
    assert times[-1] == 30


def test_warm_up_ends_at_its_limit_after_at_least_one_step():
    assert warm_up(FakeClock(5000), nothing, limit_s=0) == [5000]


def test_steps_are_steady_only_beside_earlier_ones():
    assert not is_steady([10, 10, 10])
    assert is_steady([10, 10, 10, 10])
    assert not is_steady([100, 10, 9, 9])


def test_sampling_stops_once_the_median_is_known():
    samples: list[float] = []
    collect(FakeClock(10.0), nothing, Effort(budget_s=0), samples)
    assert len(samples) == 5
    fast: list[float] = []
    collect(FakeClock(10.0), nothing, Effort(budget_s=0.001, max_samples=10**9), fast)
    assert len(fast) >= 10


def test_sampling_stops_early_only_where_the_interval_is_narrow_enough():
    noisy = FakeClock(*[10.0, 20.0] * 300)
    samples: list[float] = []
    collect(noisy, nothing, Effort(budget_s=60, max_samples=500), samples)
    assert len(samples) == 500


def test_a_second_round_counts_the_samples_of_the_first():
    samples = [10.0] * 20
    collect(FakeClock(10.0), nothing, Effort(budget_s=60, min_samples=2, max_samples=3), samples)
    assert len(samples) == 23


def test_the_garbage_collector_is_paused_and_put_back():
    seen = []
    collect(FakeClock(1.0), lambda: seen.append(gc.isenabled()), Effort(budget_s=0), [])
    assert not any(seen)
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        collect(FakeClock(1.0), nothing, Effort(budget_s=0), [])
        assert not gc.isenabled()
    finally:
        gc.enable()
