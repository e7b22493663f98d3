from __future__ import annotations

import gc
from contextlib import contextmanager
from itertools import count

import pytest

from harness.timing import sampling
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


@pytest.fixture
def tenths(monkeypatch):
    """A host's clock on which every step takes a tenth of a second: it is read once before, then once after each."""
    readings = count()
    monkeypatch.setattr(sampling, "perf_counter", lambda: next(readings) / 10)


def collected(times, **effort):
    samples = []
    collect(FakeClock(*times), nothing, Effort(**effort), samples)
    return len(samples)


NOISE = [10.0, 20.0] * 300


@pytest.mark.parametrize(
    ("times", "effort", "expected"),
    [
        ([10.0], {"budget_s": 10}, 20),  # known at once, but a fifth of the budget is spent all the same
        ([10.0], {"budget_s": 1}, 10),  # never judged by fewer than ten
        ([10.0], {"budget_s": 0.5}, 5),
        ([10.0], {"budget_s": 0.5, "min_samples": 8}, 8),
        (NOISE, {"budget_s": 3}, 30),
        (NOISE, {"budget_s": 100, "max_samples": 40}, 40),
        (NOISE, {"budget_s": 1, "min_samples": 25}, 25),
        (NOISE, {"budget_s": 100, "tolerance": 0.5}, 200),
    ],
)
def test_sampling_takes_as_many_steps_as_its_effort_says(tenths, times, effort, expected):
    assert collected(times, **effort) == expected


def test_steps_that_drift_are_not_taken_for_independent_ones(tenths):
    # Ranks of independent samples know the median of the first twenty to 0.9 %; their blocks differ by more.
    assert collected([10.0 * (1 + 0.002 * step) for step in range(200)], budget_s=10) == 100


def test_samples_are_judged_ever_more_rarely(tenths, monkeypatch):
    judged = []
    monkeypatch.setattr(sampling, "half_width", lambda samples: judged.append(len(samples)) or 1.0)
    collected(NOISE, budget_s=5)
    assert judged == [10, 12, 15, 18, 22, 27, 33, 41]


def test_a_half_width_that_equals_the_tolerance_suffices(tenths, monkeypatch):
    monkeypatch.setattr(sampling, "half_width", lambda samples: 0.02)
    assert collected(NOISE, budget_s=5) == 10


def test_a_later_round_is_judged_after_its_first_new_sample(tenths):
    samples = [10.0] * 20
    collect(FakeClock(10.0), nothing, Effort(budget_s=0.5, min_samples=1), samples)
    assert len(samples) == 21


def test_a_step_during_which_the_process_was_stopped_is_no_sample(tenths, monkeypatch):
    stops = []

    @contextmanager
    def noticed():
        yield stops

    monkeypatch.setattr(sampling, "stops_noticed", noticed)
    clock, samples = FakeClock(1.0, 900.0, 2.0, 3.0), []

    def stopped_once():
        if clock.num_steps == 1:
            stops.append("stopped")

    collect(clock, stopped_once, Effort(budget_s=0, min_samples=3), samples)
    assert samples == [1.0, 2.0, 3.0]
    assert stops == []


def test_warm_up_ends_at_its_limit_while_steps_still_get_faster(tenths):
    clock = FakeClock(*(1000 * 0.5**step for step in range(30)))
    assert len(warm_up(clock, nothing, limit_s=0.5)) == 5


def test_warm_up_takes_four_steps_where_none_is_faster_than_the_first(tenths):
    assert warm_up(FakeClock(7.0), nothing, limit_s=100) == [7.0] * 4


def test_five_percent_faster_is_still_as_steady():
    assert is_steady([100, 95, 200, 200])
    assert not is_steady([100, 94.9, 200, 200])
    assert is_steady([100, 90, 91, 92, 93])
    assert not is_steady([])


def test_by_default_a_median_is_known_to_two_percent_within_2000_samples_of_at_least_five():
    effort = Effort(budget_s=1.0)
    assert (effort.tolerance, effort.min_samples, effort.max_samples) == (0.02, 5, 2000)
