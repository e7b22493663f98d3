"""Intervals of error rates: by hand, at their ends, and for several seeds."""

from __future__ import annotations

import numpy as np
import pytest

from results.ranking.compare import compare
from results.ranking.components import components
from results.ranking.error_intervals import error_interval, error_intervals
from results.ranking.seed_effects import seed_effects
from results.ranking.uncertainty import reach, wilson
from tests.statistics.draws import draw

Z = 1.959963984540054


@pytest.mark.parametrize(("right", "expected"), [(True, (0, 0)), (False, (100, 100))])
@pytest.mark.parametrize("shape", [(1, 1), (1, 10), (3, 1), (3, 10)])
def test_all_right_and_all_wrong_stay_within_bounds_and_uncertain(shape, right, expected):
    interval = error_interval(np.full(shape, right))
    assert (interval.mean, interval.low if right else interval.high) == expected
    assert 20 < interval.high - interval.low < 100


@pytest.mark.parametrize("answers", [[True, True, True, False], [[True, False, True, True, True, False, True]]])
def test_one_seed_has_the_interval_of_wilson(answers):
    interval, error = error_interval(np.array(answers)), 1 - np.mean(answers)
    low, high = wilson(error, np.size(answers), Z)
    assert (interval.mean, interval.low, interval.high) == pytest.approx((100 * error, 100 * low, 100 * high))


def test_several_seeds_count_as_the_images_that_their_variance_is_worth():
    correct = draw(np.random.default_rng(0), [0.2], [0.5], 3, 500)["m0"]
    model = components(correct)
    effects = seed_effects([model])
    over_images = np.var([*model.num_wrong / 3, 1, 1, 0, 0]) / 500
    width = float(reach(np.array([0.05]), over_images + effects.variances, effects.weights)[0])
    rate = (500 * model.error + 2) / 504
    images = rate * (1 - rate) / (width / Z) ** 2
    low, high = wilson(model.error, images, Z)
    interval = error_interval(correct)
    assert 20 < images < 500
    assert (interval.mean, interval.low, interval.high) == pytest.approx((100 * model.error, 100 * low, 100 * high))


def test_one_miss_of_one_seed_is_not_less_certain_than_none():
    few = np.ones((3, 100), dtype=bool)
    few[0, 0] = False
    assert error_interval(np.ones((3, 100), dtype=bool)).high < error_interval(few).high < 8


def test_seeds_that_agree_on_everything_add_no_certainty():
    one = np.random.default_rng(7).random((1, 500)) < 0.9
    repeated, alone = error_interval(np.repeat(one, 4, axis=0)), error_interval(one)
    assert (repeated.low, repeated.high) == pytest.approx((alone.low, alone.high), rel=0.05)


def test_seeds_that_disagree_widen_the_interval():
    answers = np.random.default_rng(8).random((3, 1000)) < [[0.95], [0.85], [0.75]]
    alone, interval = error_interval(answers[:1]), error_interval(answers)
    assert interval.high - interval.low > 4 * (alone.high - alone.low)


def test_only_the_model_that_was_chosen_has_more_room_and_only_above():
    models = [components(np.arange(200) % period > 0) for period in (4, 5, 20)]
    plain, chosen = (error_intervals(models, seed_effects(models), at) for at in (0, 2))
    assert plain[1] == chosen[1]
    assert plain[2].low == chosen[2].low
    images, (_, high) = 200, wilson(0.05, 200, 2.3939797998185104)  # two-sided 5 % / 3
    assert (chosen[2].high, images) == (pytest.approx(100 * high), 200)


def test_clusters_of_copies_are_no_further_evidence():
    few = draw(np.random.default_rng(1), [0.2], [0.2], 3, 80)["m0"]
    copied, clusters = np.repeat(few, 5, axis=1), np.repeat(np.arange(80), 5)
    alone, clustered, blind = error_interval(few), error_interval(copied, clusters), error_interval(copied)
    assert (clustered.low, clustered.high) == pytest.approx((alone.low, alone.high), rel=0.05)
    assert clustered.high - clustered.low > 1.3 * (blind.high - blind.low)


def test_one_model_alone_is_the_only_one_of_its_run():
    correct, clusters = draw(np.random.default_rng(2), [0.2], [0.4], 3, 120)["m0"], np.repeat(np.arange(30), 4)
    model = components(correct, clusters)
    assert [error_interval(correct, clusters)] == error_intervals([model], seed_effects([model]), 0, clusters)
    assert model.chance != components(correct).chance


@pytest.mark.parametrize("right", [True, False])
def test_copies_of_images_that_all_were_met_or_missed_are_as_many_images_as_there_are_clusters(right):
    clusters = np.repeat(np.arange(30), np.tile([2, 4], 15))
    interval = error_interval(np.full((1, 90), right), clusters)
    # By hand: 90 images in clusters of two and four, 10 / 3 times the variance: 27 images.
    low, high = wilson(0.0 if right else 1.0, 27, Z)
    assert (interval.low, interval.high) == pytest.approx((100 * low, 100 * high))


def test_clusters_whose_images_have_nothing_in_common_count_as_their_images():
    correct = np.random.default_rng(3).random((1, 4000)) < 0.9
    blind, clustered = error_interval(correct), error_interval(correct, np.repeat(np.arange(1000), 4))
    assert clustered.high - clustered.low == pytest.approx(blind.high - blind.low, rel=0.1)


def grouped(num_groups, seed=0):
    """Answers of two models whose errors come in groups of 1 to 11 images; each image's group."""
    generator = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(num_groups), generator.integers(1, 12, num_groups))
    hard = generator.normal(-1.4, 1.5, num_groups)[clusters]
    chances = [1 / (1 + np.exp(-hard - 0.7 * generator.normal(size=num_groups)[clusters])) for _ in range(2)]
    return [generator.random(len(clusters)) >= chance for chance in chances], clusters


def bootstrap(values, clusters, runs=4000):
    """Means of values [N] over groups that are drawn anew with replacement, all images of a group together."""
    generator, sums, sizes = np.random.default_rng(1), np.bincount(clusters, values), np.bincount(clusters)
    drawn = generator.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), size=runs)
    return (drawn @ sums) / (drawn @ sizes)


@pytest.mark.parametrize("num_groups", [60, 200])
def test_a_clustered_interval_is_as_wide_as_a_bootstrap_over_groups(num_groups):
    (answers, _), clusters = grouped(num_groups)
    interval, alone = error_interval(answers, clusters), error_interval(answers)
    low, high = 100 * np.percentile(bootstrap(~answers, clusters), (2.5, 97.5))
    assert interval.high - interval.low == pytest.approx(high - low, rel=0.12)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.12 * (high - low))
    assert high - low > 1.5 * (alone.high - alone.low)


@pytest.mark.parametrize("num_groups", [60, 200])
def test_a_clustered_difference_is_as_sure_as_a_bootstrap_over_groups(num_groups):
    (first, second), clusters = grouped(num_groups)
    found, alone = compare(first, second, clusters), compare(first, second)
    low, high = 100 * np.percentile(bootstrap(second * 1.0 - first, clusters), (2.5, 97.5))
    # A little wider by intent: two more groups on which they disagree, so that no difference is ever certain.
    assert 0.95 < (found.high - found.low) / (high - low) < 1.35
    assert found.difference == pytest.approx(100 * float(second.mean() - first.mean()))
    assert found.high - found.low > 1.2 * (alone.high - alone.low)
