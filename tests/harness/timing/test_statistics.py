from __future__ import annotations

import random

import pytest
from scipy.stats import binom

from harness.timing.statistics import half_width, lower_rank, median_interval, overlap, p95


@pytest.mark.parametrize("n", [6, 7, 10, 15, 30, 59, 60, 61, 100, 500, 2000])
def test_the_interval_covers_the_median_in_95_percent_of_cases_and_is_no_wider_than_needed(n):
    rank = lower_rank(n)
    assert 1 - 2 * binom.cdf(rank - 1, n, 0.5) >= 0.95
    assert 1 - 2 * binom.cdf(rank, n, 0.5) < 0.95


@pytest.mark.parametrize("n", range(1, 6))
def test_few_values_give_their_whole_range(n):
    assert median_interval(list(range(n))) == (0, n - 1)


def test_the_interval_contains_the_true_median_as_often_as_it_says():
    rng = random.Random(0)
    samples = [[rng.expovariate(1.0) for _ in range(25)] for _ in range(2000)]
    hits = sum(low <= 0.6931 <= high for low, high in map(median_interval, samples))
    assert 0.945 <= hits / 2000 <= 0.975


def test_half_width_is_the_far_side_of_the_interval_as_a_share_of_the_median():
    assert half_width([100, 100, 100, 100, 103]) == pytest.approx(0.03)
    assert half_width([97, 100, 100, 100, 101]) == pytest.approx(0.03)


def test_p95_of_one_value_is_that_value():
    assert p95([7.0]) == 7.0
    assert p95(list(range(101))) == 95


def test_intervals_that_touch_overlap():
    assert overlap((1, 2), (2, 3))
    assert overlap((1, 5), (2, 3))
    assert not overlap((1, 2), (2.1, 3))
