"""Differences of all pairs at once against one pair at a time, and their variances against a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from results.ranking.components import components
from results.ranking.paired import half_widths, paired_differences
from results.ranking.seed_effects import seed_effects
from results.ranking.uncertainty import reach, tail
from tests.statistics.draws import draw


def together(answers, clusters=None):
    models = [components(correct, clusters) for correct in answers]
    effects = seed_effects(models)
    return paired_differences(models, effects, clusters), effects


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 1), (3, 50)])
def test_identical_answers_have_no_difference(shape):
    answers = np.arange(np.prod(shape)).reshape(shape) % 3 > 0
    pairs, _ = together([answers, answers])
    assert pairs.difference[0, 1] == 0
    assert pairs.p[0, 1] == pytest.approx(1)


def test_the_figures_of_a_pair_are_its_definition():
    answers = list(draw(np.random.default_rng(0), [0.1, 0.2, 0.15], [0.2] * 3, 3, 400).values())
    pairs, effects = together(answers)
    difference = answers[1].mean(axis=0) - answers[0].mean(axis=0)
    assert pairs.difference[0, 1] == -pairs.difference[1, 0] == pytest.approx(difference.mean())
    middle = difference.sum() / 402
    over = ((np.square(difference).sum() + 2) / 402 - middle**2) / 402
    assert (pairs.middle[0, 1], pairs.over_images[0, 1]) == pytest.approx((middle, over))
    variances = over + np.add.outer(effects.variances[0], effects.variances[1]).ravel()
    weights = np.multiply.outer(effects.weights[0], effects.weights[1]).ravel()
    assert pairs.p[0, 1] == pairs.p[1, 0] == pytest.approx(float(tail(np.array(middle), variances, weights)))
    (half,) = half_widths(pairs, effects, np.array([0]), np.array([1]), np.array([0.01]))
    assert half == pytest.approx(float(reach(np.array(0.01), variances, weights)))


def test_the_variance_over_images_is_that_of_drawing_other_images():
    generator = np.random.default_rng(1)
    found = [together(draw(generator, [0.2, 0.25], [0.0, 0.0], 2, 300).values())[0] for _ in range(800)]
    spread = np.var([pairs.difference[0, 1] for pairs in found])
    assert np.mean([pairs.over_images[0, 1] for pairs in found]) == pytest.approx(spread, rel=0.12)


def test_the_variance_over_clusters_is_that_of_drawing_other_clusters():
    generator, clusters = np.random.default_rng(2), np.repeat(np.arange(60), np.arange(60) % 5 + 1)
    found = []
    for _ in range(800):
        answers = [correct[:, clusters] for correct in draw(generator, [0.2, 0.25], [0.0, 0.0], 1, 60).values()]
        found.append(together(answers, clusters)[0])
    spread = np.var([pairs.difference[0, 1] for pairs in found])
    assert np.mean([pairs.over_images[0, 1] for pairs in found]) == pytest.approx(spread, rel=0.15)
    blind = together(answers)[0]
    assert found[-1].over_images[0, 1] > 2 * blind.over_images[0, 1]


def test_the_variance_over_clusters_is_its_definition():
    clusters = np.repeat(np.arange(40), np.arange(40) % 4 + 1)
    answers = list(draw(np.random.default_rng(5), [0.1, 0.3], [0.3] * 2, 3, len(clusters)).values())
    pairs, _ = together(answers, clusters)
    difference, sizes = answers[1].mean(axis=0) - answers[0].mean(axis=0), np.bincount(clusters)
    middle = difference.sum() / (len(clusters) + 2)
    rest = np.bincount(clusters, difference) - sizes * middle
    expected = ((rest**2).sum() + 2 * (sizes**2).mean()) / (len(clusters) + 2) ** 2
    assert pairs.over_images[0, 1] == pytest.approx(expected, rel=1e-9)


def test_equal_models_differ_by_two_typical_clusters_and_no_more():
    clusters = np.repeat(np.arange(10), 3)
    same = np.arange(30)[None] % 4 > 0
    pairs, _ = together([same, same], clusters)
    assert pairs.over_images[0, 1] == pytest.approx(2 * 9 / 32**2)


def test_equal_models_differ_by_two_images_and_no_more():
    same = np.arange(30)[None] % 4 > 0
    pairs, _ = together([same, same])
    assert pairs.over_images[0, 1] == pytest.approx(2 / 32**2)
