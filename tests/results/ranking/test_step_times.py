from __future__ import annotations

import random

import pytest
from scipy.stats import binom

from results.ranking.step_times import lower_rank, mean_of, median_interval, median_reach, pooled
from tests.results.runs import trial


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


def test_samples_of_all_seeds_are_pooled_and_figures_averaged():
    seeds = [trial("net", seed, cpu_infer_step_time=times)[0] for seed, times in [(1, (1.0, 2.0, 9.0)), (2, (4.0,))]]
    time = pooled(seeds, "cpu_infer_step_time")
    assert (time.name, time.unit, time.values) == ("cpu_infer_step_time", "", (1.0, 2.0, 9.0, 4.0))
    assert mean_of(seeds, "cpu_infer_step_time") == 3.0
    assert pooled(seeds, "cuda_infer_step_time") is None
    assert mean_of(seeds, "cuda_infer_step_time") is None
