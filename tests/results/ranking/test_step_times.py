from __future__ import annotations

import random

import pytest
from scipy.stats import binom

from results.ranking.step_times import lower_rank, mean_of, median_interval, median_reach, pooled, reach
from results.records import Measurement
from tests.results.samples import record


@pytest.mark.parametrize(("num_values", "reach"), [(1, 0), (5, 2), (6, 2.5), (9, 3), (11, 4), (20, 4.5)])
def test_the_interval_of_a_median_follows_binomial_tables(num_values, reach):
    # Ranks 1..6 of 6, 2..8 of 9, 2..10 of 11 and 6..15 of 20 are the tables' 95 % intervals.
    assert median_reach(list(range(1, num_values + 1))) == reach


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


@pytest.mark.parametrize(
    ("n", "rank"), [(1, 1), (2, 1), (5, 1), (6, 1), (8, 1), (9, 2), (11, 2), (12, 3), (20, 6), (50, 18), (100, 40)]
)
def test_ranks_are_those_of_the_sign_tests_tables(n, rank):
    assert lower_rank(n) == rank


def test_the_reach_of_an_interval_is_its_longer_side():
    assert (reach(10, 7, 11), reach(10, 9, 14), reach(0, 0, 3)) == (3, 4, 3)


def timed(*values):
    return record(measurements=(Measurement(name="cpu_infer_step_time", unit="ms", values=values),))


def test_samples_of_all_seeds_are_pooled_and_medians_of_seeds_averaged():
    records = [timed(1.0, 2.0, 9.0), record(measurements=()), timed(4.0)]
    assert pooled(records, "cpu_infer_step_time") == Measurement(
        name="cpu_infer_step_time", unit="ms", values=(1.0, 2.0, 9.0, 4.0)
    )
    assert mean_of(records, "cpu_infer_step_time") == 3.0


def test_what_no_seed_has_measured_is_none():
    assert pooled([timed(1.0), timed()], "cuda_infer_step_time") is None
    assert mean_of([timed(), record(measurements=())], "cpu_infer_step_time") is None
    assert pooled([timed()], "cpu_infer_step_time") is None
