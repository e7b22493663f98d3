"""What several models' seeds say of each other."""

from __future__ import annotations

import numpy as np
import pytest

from results.ranking.components import components
from results.ranking.seed_effects import EFFECTS, learnt, seed_effects
from tests.statistics.draws import draw


def models_of(effects, num_seeds=3, num_images=2000, seed=0):
    answers = draw(np.random.default_rng(seed), [0.1] * len(effects), effects, num_seeds, num_images)
    return [components(correct) for correct in answers.values()]


def deviations(effects):
    """Of each model's error, in percentage points."""
    return 100 * np.sqrt((effects.variances * effects.weights).sum(axis=1))


def test_models_with_one_seed_each_are_checkpoints_and_have_no_effect():
    effects = seed_effects(models_of([0.5] * 4, num_seeds=1))
    assert (effects.variances.tolist(), effects.weights.tolist(), effects.known) == ([[0.0]] * 4, [[1.0]] * 4, False)


@pytest.mark.parametrize("effect", [0.1, 0.3, 0.7])
def test_an_effect_that_all_models_have_is_found(effect):
    models = models_of([effect] * 40)
    expected = 100 * effect * np.mean([model.disagreement for model in models]) / 3**0.5
    assert np.median(deviations(seed_effects(models))) == pytest.approx(expected, rel=0.25)


def test_where_seeds_have_no_effect_little_is_added():
    effects = seed_effects(models_of([0.0] * 40))
    assert np.median(deviations(effects)) < 0.06
    assert deviations(effects).max() < 0.4
    assert effects.known


def test_a_model_whose_seeds_agree_by_luck_is_not_believed():
    lucky = [components(np.arange(1000) % 10 > 0), *models_of([0.6] * 12, num_seeds=2, num_images=1000)]
    lucky[0] = components(np.random.default_rng(9).permuted(np.tile(np.arange(1000) % 10 > 0, (2, 1)), axis=1))
    assert lucky[0].between == 0
    spread = deviations(seed_effects(lucky))
    assert spread[0] > 0.3 * np.median(spread[1:]) > 0.3


def test_a_model_whose_seeds_disagree_wildly_says_little_of_the_others():
    quiet = models_of([0.1] * 20)
    wild = components(np.random.default_rng(1).random((3, 2000)) < [[0.85], [0.84], [0.1]])
    alone, beside = deviations(seed_effects(quiet)), deviations(seed_effects([*quiet, wild]))
    assert beside[-1] > 10
    assert np.median(beside[:-1]) == pytest.approx(np.median(alone), rel=0.2)
    assert max(beside[:-1]) < 1


def test_a_model_with_one_seed_borrows_from_the_others_and_has_more_to_fear():
    models = models_of([0.5] * 20)
    one = components(draw(np.random.default_rng(2), [0.1], [0.5], 1, 2000)["m0"])
    spread = deviations(seed_effects([*models, one]))
    assert spread[-1] == pytest.approx(3**0.5 * np.median(spread[:-1]), rel=0.3)


def test_effects_that_are_shared_by_no_model_keep_some_weight_where_models_are_few():
    few, many = (seed_effects(models_of([0.0] * number, num_seeds=2)) for number in (2, 60))
    assert (few.weights * (few.variances > 1e-4)).sum(axis=1).min() > 0.01
    assert (many.weights * (many.variances > 1e-4)).sum(axis=1).max() < 0.003


def test_of_seeds_that_never_disagree_an_effect_is_possible_still():
    same = components(np.tile(np.arange(100) % 10 > 0, (3, 1)))
    effects = seed_effects([same, same])
    assert effects.variances.max() > 0
    assert np.isfinite(effects.weights).all()


def test_the_weights_of_one_model_are_the_posterior_of_a_shared_distribution_that_has_converged():
    between, chance, q = np.array([4e-4, 1e-5, 6e-5]), np.full(3, 2e-5), np.full(3, 0.04)
    seeds = np.array([3, 3, 3])
    effects = learnt(between=between, chance=chance, disagreement=q, num_seeds=seeds, num_images=2000)
    kept = [effect for effect in EFFECTS if np.isclose(effects.variances[0], (effect * 0.04) ** 2 / 3).any()]
    expected = 2e-5 + (np.array(kept) * 0.04) ** 2
    likelihood = 1 / expected * np.exp(-between[:, None] / expected)
    shared = effects.weights / likelihood
    shared /= shared.sum(axis=1, keepdims=True)
    assert shared[1] == pytest.approx(shared[0], rel=1e-6)
    flat = 4 / 3 / 9 * (np.array(kept) <= 2)
    assert (effects.weights.sum(axis=0) + flat) / (3 + 4 / 3) == pytest.approx(shared[0], rel=0.05, abs=0.01)


def test_seeds_of_a_model_with_one_are_expected_to_disagree_as_its_error_leads_to_expect():
    models = [*models_of([0.3] * 3), components(np.arange(2000) % 4 > 0)]
    seen = np.array([model.disagreement for model in models[:3]])
    errors = np.array([model.error for model in models[:3]])
    expected = 0.25 * 0.75 * np.median(seen / (errors * (1 - errors)))
    effects = seed_effects(models)
    ratio = effects.variances[3, 1] / effects.variances[0, 1]
    assert ratio == pytest.approx(3 * (expected / seen[0]) ** 2)
