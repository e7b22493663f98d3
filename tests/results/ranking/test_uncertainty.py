"""Known answers from statsmodels and scipy, and the cases in which formulas break."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from results.ranking.uncertainty import MOST_FREEDOM, components, exact_mcnemar, holm, total_variance, wilson

Z = 1.959963984540054


@pytest.mark.parametrize(("wrong", "num_images"), [(0, 7), (1, 1), (3, 50), (250, 1000), (40, 40)])
def test_wilson_agrees_with_statsmodels(wrong, num_images):
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    expected = proportion.proportion_confint(wrong, num_images, method="wilson")
    assert wilson(wrong / num_images, num_images, Z) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (0, 6), (1, 0), (13, 47), (400, 430)])
def test_mcnemar_agrees_with_statsmodels(only_first, only_second):
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    expected = tables.mcnemar([[5, only_first], [only_second, 5]], exact=True).pvalue
    assert float(exact_mcnemar(only_first, only_second)) == pytest.approx(expected)


def test_mcnemar_is_the_binomial_test_for_every_small_table():
    for first in range(12):
        for second in range(1, 12):
            expected = binomtest(first, first + second, 0.5).pvalue
            assert float(exact_mcnemar(first, second)) == pytest.approx(expected)


def test_holm_agrees_with_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    for seed in range(20):
        p = np.random.default_rng(seed).random(15) ** 4
        p[3] = p[7]
        assert holm(p) == pytest.approx(multitest.multipletests(p, method="holm")[1])


def test_holm_of_nothing_is_nothing():
    assert holm(np.array([])).shape == (0,)


def test_components_are_the_mean_squares_of_a_two_way_layout():
    correct = np.random.default_rng(0).random((4, 30)) < 0.7
    wrong, parts = 1.0 - correct, components(correct)
    rest = wrong - wrong.mean(axis=0) - wrong.mean(axis=1, keepdims=True) + wrong.mean()
    assert parts.error == pytest.approx(wrong.mean())
    assert parts.over_seeds == pytest.approx(wrong.mean(axis=1).var(ddof=1) / 4)
    assert parts.rest == pytest.approx((rest**2).sum() / (3 * 29) / (4 * 30))


def test_the_total_variance_has_the_right_expectation():
    generator = np.random.default_rng(1)
    seeds, images, rest = (generator.normal(size=shape) for shape in ((4000, 3, 1), (4000, 1, 20), (4000, 3, 20)))
    values = 0.5 * seeds + images + rest
    over_images, over_seeds = values.mean(1).var(1, ddof=1) / 20, values.mean(2).var(1, ddof=1) / 3
    residual = (
        values - values.mean(1, keepdims=True) - values.mean(2, keepdims=True) + values.mean((1, 2), keepdims=True)
    )
    noise = (residual**2).sum((1, 2)) / (2 * 19) / 60
    variance, _ = total_variance(over_images, noise, [(over_seeds, 3)], 20)
    assert variance.mean() == pytest.approx(0.25 / 3 + 1 / 20 + 1 / 60, rel=0.05)


def test_seeds_alone_leave_one_degree_of_freedom_fewer_than_seeds():
    variance, freedom = total_variance(0.0, 0.0, [(0.3, 5)], 100)
    assert (float(variance), float(freedom)) == pytest.approx((0.3, 4.0))


def test_nothing_to_judge_is_an_error():
    with pytest.raises(ValueError, match="at least one seed and one image"):
        components(np.zeros((3, 0), dtype=bool))


def test_the_ends_of_an_interval_are_exact_where_nothing_or_all_was_wrong():
    sizes = range(1, 300)
    assert {wilson(0.0, num_images, Z)[0] for num_images in sizes} == {0.0}
    assert {wilson(1.0, num_images, Z)[1] for num_images in sizes} == {1.0}


def test_holm_multiplies_by_the_hypotheses_that_are_left_keeps_the_order_and_stops_at_1():
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_the_parts_of_four_answers_are_what_one_computes_by_hand():
    # Error rates 1/2 and 0: variance 1/8 over two seeds. Squares 1 - 1/2 - 2 (1/16 + 1/16) = 1/4, one degree.
    model = components([[1, 0], [1, 1]])
    assert (model.num_wrong.tolist(), model.num_wrong.dtype, model.num_seeds) == ([0.0, 1.0], np.float64, 2)
    assert (model.over_seeds, model.rest) == pytest.approx((1 / 16, 1 / 16))


def test_one_seed_says_nothing_of_others():
    model = components([1, 0, 1])
    assert (model.num_wrong.tolist(), model.num_wrong.dtype) == ([0.0, 1.0, 0.0], np.float64)
    assert (model.num_seeds, model.over_seeds, model.rest) == (1, 0.0, 0.0)


def test_no_answers_are_refused():
    with pytest.raises(ValueError, match=r"^no answers: at least one seed and one image are needed$"):
        components(np.ones((3, 0), dtype=bool))


@pytest.mark.parametrize(("num_images", "of_images"), [(1, 0.16), (2, 0.16), (3, 0.08), (5, 0.04)])
def test_the_variance_of_a_mean_and_its_freedom_are_what_one_computes_by_hand(num_images, of_images):
    # Images 0.5 - 0.1, seeds 0.2 and 0.3 with one degree of freedom at least, and three.
    variance, freedom = total_variance(0.5, 0.1, [(0.2, 1), (0.3, 4)], num_images)
    assert float(variance) == pytest.approx(0.9)
    assert float(freedom) == pytest.approx(0.9**2 / (of_images + 0.04 + 0.03))


def test_where_nothing_varies_the_freedom_is_the_greatest():
    variance, freedom = total_variance(0.0, 0.0, [(0.0, 3)], 5)
    assert (float(variance), float(freedom)) == (0.0, MOST_FREEDOM)
