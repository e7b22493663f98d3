"""Known answers from statsmodels and scipy, and the cases in which formulas break."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm, t

from results.ranking.uncertainty import ALPHA, holm, mcnemar, reach, t_quantile, tail, wilson

Z = 1.959963984540054


@pytest.mark.parametrize(("wrong", "num_images"), [(0, 7), (1, 1), (3, 50), (250, 1000), (40, 40)])
def test_wilson_agrees_with_statsmodels(wrong, num_images):
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    expected = proportion.proportion_confint(wrong, num_images, method="wilson")
    assert wilson(wrong / num_images, num_images, Z) == pytest.approx(expected, abs=1e-12)


def test_the_ends_of_an_interval_are_exact_where_nothing_or_all_was_wrong():
    sizes = range(1, 300)
    assert {wilson(0.0, num_images, Z)[0] for num_images in sizes} == {0.0}
    assert {wilson(1.0, num_images, Z)[1] for num_images in sizes} == {1.0}


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 6), (1, 0), (13, 47), (400, 430)])
def test_mcnemar_is_the_exact_test_of_statsmodels_less_half_of_what_was_seen(only_first, only_second):
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    exact = tables.mcnemar([[5, only_first], [only_second, 5]], exact=True).pvalue
    seen = binom.pmf(only_first, only_first + only_second, 0.5)
    assert float(mcnemar(only_first, only_second)) == pytest.approx(exact - seen)


@pytest.mark.parametrize(("only_first", "only_second", "p"), [(0, 0, 1.0), (3, 3, 1.0), (0, 1, 0.5), (0, 5, 1 / 32)])
def test_mcnemar_of_a_few_coins_is_what_one_computes_by_hand(only_first, only_second, p):
    assert float(mcnemar(only_first, only_second)) == float(mcnemar(only_second, only_first)) == pytest.approx(p)


def test_one_variance_has_the_tail_and_the_reach_of_the_normal_distribution():
    distances, one = np.array([0.0, 0.5, -3.0]), np.ones((3, 1))
    assert tail(distances, 4 * one, one) == pytest.approx(2 * norm.sf(np.abs(distances) / 2))
    assert reach(np.array([0.05, 0.01, 1e-9]), 4 * one, one) == pytest.approx(-2 * norm.ppf([0.025, 0.005, 5e-10]))


def test_normal_distributions_whose_variances_are_drawn_from_inverse_chi_squared_are_students_t():
    draws = 6 / np.random.default_rng(0).chisquare(6, size=400_000)
    weights = np.full(draws.shape, 1 / len(draws))
    assert float(tail(np.array(2.5), draws, weights)) == pytest.approx(2 * t.sf(2.5, 6), rel=0.01)
    assert float(reach(np.array(0.01), draws, weights)) == pytest.approx(t.isf(0.005, 6), rel=0.01)


def test_the_reach_is_the_distance_that_has_this_tail():
    generator = np.random.default_rng(1)
    variances, weights = generator.random((50, 7)) ** 4, generator.dirichlet(np.ones(7), 50)
    levels = generator.random(50) * 0.2
    assert tail(reach(levels, variances, weights), variances, weights) == pytest.approx(levels, rel=1e-6)


def test_what_has_no_variance_reaches_nowhere_and_leaves_no_doubt():
    none, one = np.zeros((2, 1)), np.ones((2, 1))
    assert tail(np.array([0.0, 1e-9]), none, one).tolist() == [1.0, 0.0]
    assert reach(np.array([0.05, 0.05]), none, one) == pytest.approx([0, 0], abs=1e-100)


def test_a_quantile_of_students_t_is_that_of_the_tables():
    assert t_quantile(0.95, 8) == pytest.approx(1.8595, abs=1e-4)
    assert t_quantile(0.975, 1e6) == pytest.approx(1.95996, abs=1e-4)


@pytest.mark.once
def test_holm_agrees_with_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    for seed in range(20):
        p = np.random.default_rng(seed).random(15) ** 4
        p[3] = p[7]
        assert holm(p)[0] == pytest.approx(multitest.multipletests(p, method="holm")[1])


def test_holm_multiplies_by_the_hypotheses_that_are_left_keeps_the_order_and_stops_at_1():
    assert holm(np.array([0.01, 0.04, 0.03]))[0] == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8]))[0].tolist() == [1.0, 1.0]
    assert [part.shape for part in holm(np.array([]))] == [(0,), (0,)]


def test_each_p_is_held_against_the_level_of_its_step_and_after_the_last_against_its():
    assert holm(np.array([0.04, 0.001, 0.02, 0.9]))[1] == pytest.approx([0.05 / 3, 0.05 / 4, 0.05 / 3, 0.05 / 3])
    assert holm(np.array([0.001, 0.002]))[1] == pytest.approx([0.025, 0.05])
    assert holm(np.array([0.9, 0.8]))[1] == pytest.approx([0.025, 0.025])


def test_a_p_is_below_its_level_just_where_the_adjusted_one_is_below_5_percent():
    for seed in range(200):
        p = np.random.default_rng(seed).random(9) ** 5
        adjusted, levels = holm(p)
        assert ((p <= levels) == (adjusted < ALPHA)).all()
