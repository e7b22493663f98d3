"""Paired tests, ranks and who may be the best: against hand-made tables, made truth, and each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from results.ranking.compare import Ranking, compare, rank
from results.ranking.components import components
from results.ranking.error_intervals import error_interval, error_intervals
from results.ranking.paired import half_widths, paired_differences
from results.ranking.seed_effects import seed_effects
from results.ranking.uncertainty import ALPHA, holm
from tests.statistics.draws import draw


def table(both_right=0, only_first=0, only_second=0, both_wrong=0):
    counts = [both_right, only_first, only_second, both_wrong]
    return np.repeat([[1, 1, 0, 0]], counts, axis=1) == 1, np.repeat([[1, 0, 1, 0]], counts, axis=1) == 1


def made(errors, num_seeds=1, num_images=2000, effect=0.1, seed=0):
    generator = np.random.default_rng(seed)
    answers = draw(generator, list(errors.values()), [effect] * len(errors), num_seeds, num_images)
    return dict(zip(errors, answers.values(), strict=True))


def test_one_seed_is_judged_by_the_mid_p_of_mcnemar():
    pair = compare(*table(960, 47, 13, 31))
    assert pair.p == pair.p_adjusted == pytest.approx(2 * binom.cdf(13, 60, 0.5) - binom.pmf(13, 60, 0.5))
    assert pair.difference == pytest.approx(-100 * 34 / 1051)
    assert (pair.both_right, pair.only_first, pair.only_second, pair.both_wrong) == (960, 47, 13, 31)
    assert pair.low < pair.difference < pair.high < 0
    assert pair.significant


@pytest.mark.parametrize("counts", [{"only_first": 6}, {"only_second": 6}])
def test_answers_that_differ_one_way_only_have_half_the_p_of_so_many_coins(counts):
    assert compare(*table(both_right=10, **counts)).p == pytest.approx(1 / 2**6)


def test_the_interval_of_one_seed_is_that_of_bonett_and_price():
    pair = compare(*table(only_second=20, only_first=5, both_right=75))
    first, second = 21 / 102, 6 / 102
    half = 1.959964 * ((first + second - (first - second) ** 2) / 102) ** 0.5
    assert (pair.low, pair.high) == pytest.approx((100 * (first - second - half), 100 * (first - second + half)))


def test_p_and_interval_never_contradict_each_other_with_one_seed():
    for only_first in range(25):
        for only_second in range(25):
            pair = compare(*table(2000, only_first, only_second))
            outside = pair.low >= 0 or pair.high <= 0
            assert pair.significant == (outside and pair.difference != 0), (only_first, only_second)


def test_p_and_interval_never_contradict_each_other_with_several_seeds():
    pairs = [compare(*made({"a": 0.2, "b": 0.15}, 3, 300, seed=seed).values()) for seed in range(200)]
    assert {pair.significant for pair in pairs} == {True, False}
    assert all(pair.significant == (not pair.low <= 0 <= pair.high) for pair in pairs)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 1), (3, 50)])
def test_identical_answers_do_not_differ(shape):
    answers = np.random.default_rng(4).random(shape) < 0.7
    pair = compare(answers, answers)
    assert (pair.difference, pair.only_first, pair.only_second) == (0, 0, 0)
    assert pair.p == pytest.approx(1)
    assert -100 <= pair.low < 0 < pair.high <= 100


@pytest.mark.parametrize("num_seeds", [1, 3])
def test_opposite_answers_differ_by_all_there_is(num_seeds):
    right = np.ones((num_seeds, 40), dtype=bool)
    pair = compare(~right, right)
    assert (pair.difference, pair.high) == (100, 100)
    assert pair.p < 1e-6
    assert pair.low > 80


def test_swapping_the_models_swaps_every_sign():
    first, second = made({"a": 0.3, "b": 0.2}, 3, 200).values()
    one, other, shorter = compare(first, second), compare(second, first), compare(first[:2], second)
    assert other.difference == pytest.approx(-one.difference)
    assert (other.low, other.high, other.p) == pytest.approx((-one.high, -one.low, one.p))
    assert compare(second, first[:2]).low == pytest.approx(-shorter.high)


@pytest.mark.parametrize("num_seeds", [2, 3])
def test_the_four_counts_are_means_over_seeds_and_add_up(num_seeds):
    generator = np.random.default_rng(6)
    first, second = generator.random((3, 30)) < 0.8, generator.random((num_seeds, 30)) < 0.6
    pair = compare(first, second)
    assert pair.both_right + pair.only_first == pytest.approx(first.sum() / 3)
    assert pair.both_right + pair.only_second == pytest.approx(second.sum() / num_seeds)
    assert pair.both_right + pair.only_first + pair.only_second + pair.both_wrong == pytest.approx(30)


def test_a_difference_is_small_where_it_is_known_to_be_within_a_percentage_point_and_not_significant():
    assert compare(*table(99_000, 500, 500)).small
    assert not compare(*table(900, 15, 15)).small
    surely = compare(*table(99_000, 500, 700))
    assert (surely.significant, surely.small, surely.high < 1) == (True, False, True)


def test_models_far_apart_are_ranked_in_their_true_order():
    ranking = rank(made({"d": 0.4, "a": 0.05, "c": 0.25, "b": 0.12}, 3, 4000, 0.02))
    assert ranking.order == ("a", "b", "c", "d")
    assert ranking.places == {"a": (1, 1), "b": (2, 2), "c": (3, 3), "d": (4, 4)}
    assert ranking.best == {"a"}
    assert ranking.compare("d", "a").difference == pytest.approx(35, abs=3)
    assert ranking.errors["a"].low < 5 < ranking.errors["a"].high


def test_models_that_cannot_be_told_apart_share_their_places():
    ranking = rank(made({"good": 0.1, "as good": 0.1, "bad": 0.3}))
    assert ranking.places == {"good": (1, 2), "as good": (1, 2), "bad": (3, 3)}
    assert ranking.best == {"good", "as good"}
    assert ranking.better("good", "bad")
    assert not ranking.better("bad", "good")
    assert not ranking.better("good", "as good")


def test_rows_stand_in_the_order_of_their_errors_and_then_of_their_names():
    same = np.arange(100) % 4 > 0
    ranking = rank({"z": same[None], "worst": ~same[None], "a": same[None], "best": same[None] | (np.arange(100) == 4)})
    assert ranking.order == ("best", "a", "z", "worst")


def test_a_model_whose_seeds_diverged_is_below_one_that_is_better():
    generator = np.random.default_rng(3)
    wild = generator.random((3, 500)) > [[0.15], [0.155], [0.9]]
    ranking = rank({"wild": wild, **made({"good": 0.112, "better": 0.05}, 3, 500)})
    assert ranking.order == ("better", "good", "wild")


def test_places_count_who_is_significantly_better_and_who_is_not_significantly_worse():
    correct = made({f"m{index}": error for index, error in enumerate(np.linspace(0.08, 0.2, 8))}, 3, 800)
    ranking = rank(correct)
    for name in correct:
        low = 1 + sum(ranking.better(other, name) for other in correct)
        high = len(correct) - sum(ranking.better(name, other) for other in correct)
        assert ranking.places[name] == (low, high)
    assert len(set(ranking.places.values())) > 3


def test_p_values_are_adjusted_for_the_pairs_there_are_and_intervals_with_them():
    answers = dict(zip("abc", (np.arange(300) % period > 0 for period in (3, 5, 11)), strict=True))
    ranking, pairs = rank(answers), [("a", "b"), ("a", "c"), ("b", "c")]
    adjusted, levels = holm(np.array([compare(answers[one], answers[other]).p for one, other in pairs]))
    assert [ranking.compare(*pair).p_adjusted for pair in pairs] == pytest.approx(list(adjusted))
    alone = [compare(answers[one], answers[other]) for one, other in pairs]
    wider = [
        ranking.compare(*pair).high - ranking.compare(*pair).low > each.high - each.low
        for pair, each in zip(pairs, alone, strict=True)
    ]
    assert wider == [level < ALPHA for level in levels]


def test_the_best_is_asked_for_with_one_comparison_for_each_other_model():
    # Eleven equal models and one that is a little worse: 11 comparisons find it, 66 pairs do not.
    base = np.arange(4000) % 10 > 0
    worse = base.copy()
    worse[np.flatnonzero(base)[:60]], worse[np.flatnonzero(~base)[:31]] = False, True
    correct = {f"m{index}": base[None] for index in range(11)} | {"worse": worse[None]}
    ranking = rank(correct)
    p = compare(base, worse).p
    assert ALPHA / 66 < p < ALPHA / 11
    assert ranking.places["worse"] == (1, 12)
    assert ranking.best == set(correct) - {"worse"}


def test_of_two_models_one_is_the_best_only_where_they_are_told_apart():
    for more in range(4, 20):
        first, second = table(500, more, 3)
        ranking = rank({"a": first, "b": second})
        assert (len(ranking.best) == 1) == ranking.compare("a", "b").significant, more


def test_the_counts_of_a_pair_in_a_ranking_are_those_of_the_pair():
    correct = made({"a": 0.1, "b": 0.2, "c": 0.3}, 3, 300)
    ranking, alone = rank(correct).compare("c", "a"), compare(correct["c"], correct["a"])
    counts = ("both_right", "only_first", "only_second", "both_wrong", "difference")
    assert [getattr(ranking, count) for count in counts] == [getattr(alone, count) for count in counts]


def test_the_first_of_many_equals_has_room_above_for_having_been_chosen():
    names = [f"m{index}" for index in range(20)]
    ranking = rank(made(dict.fromkeys(names, 0.1), 1, 500))
    alone = rank({ranking.order[0]: made(dict.fromkeys(names, 0.1), 1, 500)[ranking.order[0]]})
    chosen, itself = ranking.errors[ranking.order[0]], alone.errors[ranking.order[0]]
    assert (chosen.mean, chosen.low) == (itself.mean, itself.low)
    assert chosen.high > itself.high + 1


def test_clusters_of_copies_are_no_further_evidence():
    few = made({"a": 0.1, "b": 0.2}, 1, 150)
    copied = {name: np.repeat(answers, 6, axis=1) for name, answers in few.items()}
    clusters = np.repeat(np.arange(150), 6)
    assert rank(copied).better("a", "b")
    clustered, alone = compare(*copied.values(), clusters), compare(*few.values(), np.arange(150))
    assert (clustered.low, clustered.high, clustered.p) == pytest.approx((alone.low, alone.high, alone.p), rel=0.1)


def test_nothing_and_one_model_can_be_ranked():
    assert rank({}) == Ranking()
    alone = rank({"only": np.array([[True, False]])})
    assert (alone.order, alone.places, alone.best) == (("only",), {"only": (1, 1)}, {"only"})


def test_different_images_are_never_paired():
    with pytest.raises(ValueError, match=r"tested on \[9, 10\] images"):
        compare(np.ones((1, 10), dtype=bool), np.ones((1, 9), dtype=bool))


def test_clusters_reach_every_figure_of_a_ranking():
    few, clusters = made({"a": 0.1, "b": 0.2}, 3, 60, 0.4), np.repeat(np.arange(60), 3)
    copied = {name: np.repeat(answers, 3, axis=1) for name, answers in few.items()}
    models = [components(answers, clusters) for answers in copied.values()]
    effects, ranking = seed_effects(models), rank(copied, clusters)
    assert list(ranking.errors.values()) == error_intervals(models, effects, 0, clusters)
    p = float(paired_differences(models, effects, clusters).p[0, 1])
    assert ranking.compare("a", "b").p == compare(*copied.values(), clusters).p == p
    assert p > compare(*copied.values()).p


def test_only_the_first_row_of_a_ranking_has_more_room_above():
    correct = made({"a": 0.05, "b": 0.2, "c": 0.3}, 1, 300)
    ranking, plain = rank(correct), {name: error_interval(answers) for name, answers in correct.items()}
    assert [ranking.errors[name] == plain[name] for name in "abc"] == [False, True, True]


def test_a_model_may_be_the_best_unless_one_of_k_minus_1_tests_says_another_is_better():
    base, seen = np.arange(2000) % 10 > 0, set()
    for lost in range(20, 60):
        for won in (10, 15, 20):
            worse = base.copy()
            worse[np.flatnonzero(base)[:lost]], worse[np.flatnonzero(~base)[:won]] = False, True
            p = compare(base, worse).p
            ranking = rank({"a": base, "b": base, "c": base, "worse": worse})
            if lost > won and ranking.places["worse"][0] == 1:
                assert ("worse" in ranking.best) == (p >= ALPHA / 3), p
                seen.add(int(p * 100 / 5 * 6) / 6)  # in sixths of 5 %
    assert {1 / 6, 2 / 6, 3 / 6} <= seen


@pytest.mark.parametrize("num_asked", [1, 4, 1000])
def test_a_pair_alone_is_held_against_the_level_of_so_many_questions(num_asked):
    correct = made({"a": 0.1, "b": 0.12, "c": 0.3}, 3, 500)
    ranking = rank(correct)
    together, alone = ranking.compare("a", "b"), ranking.alone("a", "b", num_asked)
    counts = ("difference", "both_right", "only_first", "only_second", "both_wrong", "p")
    assert [getattr(alone, count) for count in counts] == [getattr(together, count) for count in counts]
    assert alone.p_adjusted == min(1, num_asked * together.p)
    models = [components(answers) for answers in correct.values()]
    effects = seed_effects(models)
    pairs = paired_differences(models, effects)
    [half] = half_widths(pairs, effects, np.array([0]), np.array([1]), np.array([ALPHA / num_asked]))
    assert (alone.low, alone.high) == pytest.approx(
        (100 * (pairs.middle[0, 1] - half), 100 * (pairs.middle[0, 1] + half))
    )
    assert ranking.alone("a", "b") == ranking.alone("a", "b", 1)


def test_many_pairs_at_once_are_compared_as_one_by_one():
    generator = np.random.default_rng(4)
    correct = {name: generator.random((3, 80)) < rate for name, rate in zip("abcd", (0.5, 0.7, 0.72, 0.9), strict=True)}
    ranking = rank(correct)
    assert ranking.among("dac") == {pair: ranking.compare(*pair) for pair in [("d", "a"), ("d", "c"), ("a", "c")]}
    assert ranking.among("a") == {}


def test_a_pair_asked_again_and_the_other_way_round_has_its_own_answer():
    ranking = rank(made({"a": 0.05, "b": 0.2}))
    first, turned = ranking.compare("a", "b"), ranking.compare("b", "a")
    assert ranking.compare("a", "b") is first
    assert (turned.difference, turned.only_first) == (pytest.approx(-first.difference), first.only_second)
