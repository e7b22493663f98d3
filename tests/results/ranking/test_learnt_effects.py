"""What is learnt of seeds' effects, against the same estimate written out in plain arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from results.ranking.seed_effects import EFFECTS, learnt

NUM_IMAGES = 500
USUAL = [0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.7, 1.1, 2.0]  # effects that trainings which end well are known to have


def expected_weights(between, chance, disagreement, num_seeds):
    """Of each model and effect: expectation and maximisation, a hundred steps."""
    likelihood = []
    for own, luck, apart, seeds in zip(between, chance, disagreement, num_seeds, strict=True):
        variances = [max(luck, 0.5 / NUM_IMAGES**2) + (apart * effect) ** 2 for effect in EFFECTS]
        logs = [-(seeds - 1) / 2 * (math.log(variance) + own / variance) for variance in variances]
        likelihood.append([math.exp(log - max(logs)) for log in logs])
    diverged = [own > 0.15**2 for own in between]
    told = [row for row, seeds, bad in zip(likelihood, num_seeds, diverged, strict=True) if seeds > 1 and not bad]
    counted = [(effect in USUAL) * 4 / max(len(told), 1) / len(USUAL) for effect in EFFECTS]
    flat = shared = [1 / len(EFFECTS)] * len(EFFECTS)
    for _ in range(100):
        own = [normalised([a * b for a, b in zip(row, shared, strict=True)]) for row in told]
        shared = normalised([sum(column) + c for column, c in zip(zip(*own, strict=True), counted, strict=True)])
    return [
        normalised([a * b for a, b in zip(row, flat if bad else shared, strict=True)])
        for row, bad in zip(likelihood, diverged, strict=True)
    ]


def normalised(values):
    return [value / sum(values) for value in values]


@pytest.mark.parametrize(
    ("between", "chance", "num_seeds"),
    [
        ([1e-4, 2e-5, 3e-4, 0.0], [5e-5, 5e-5, 4e-5, 5e-5], [3, 3, 2, 5]),
        ([1e-4, 0.0, 3e-4, 0.0], [5e-5, 5e-5, 4e-5, 0.0], [3, 1, 2, 1]),  # models with one seed borrow
        ([1e-4, 0.04, 0.01, 0.2], [5e-5, 5e-5, 4e-5, 5e-5], [3, 3, 2, 3]),  # two diverged, one did nearly
        ([1e-4, 0.04, 0.0], [5e-5, 5e-5, 5e-5], [3, 3, 1]),  # one alone says anything of the others
        ([0.0, 1e-6, 1e-4], [0.0, 0.0, 5e-5], [3, 2, 3]),  # no chance to be seen
    ],
)
def test_the_weights_of_effects_are_those_of_the_plain_arithmetic(between, chance, num_seeds):
    disagreement = [0.02, 0.03, 0.025, 0.04][: len(between)]
    figures = {"between": between, "chance": chance, "disagreement": disagreement}
    arrays = {name: np.array(values) for name, values in figures.items()}
    effects = learnt(**arrays, num_seeds=np.array(num_seeds), num_images=NUM_IMAGES)
    wanted = np.array(expected_weights(**figures, num_seeds=num_seeds))
    kept = (wanted > 1e-11).any(axis=0)
    assert effects.weights == pytest.approx(wanted[:, kept], rel=1e-6, abs=1e-12)
    variances = np.square(np.multiply.outer(disagreement, EFFECTS))[:, kept] / np.array(num_seeds)[:, None]
    assert effects.variances == pytest.approx(variances)


def test_models_of_many_seeds_of_which_one_fits_no_effect_have_weights_all_the_same():
    figures = {"between": [0.02, 1e-6], "chance": [1e-7, 1e-7], "disagreement": [2e-4, 2e-4]}
    arrays = {name: np.array(values) for name, values in figures.items()}
    effects = learnt(**arrays, num_seeds=np.array([60, 60]), num_images=NUM_IMAGES)
    assert effects.weights.sum(axis=1) == pytest.approx([1, 1])
