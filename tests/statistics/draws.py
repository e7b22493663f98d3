"""Made runs of which the truth is known: how often a model misses an image, and what a new training changes in that."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy.special import expit

Array = np.ndarray[Any, Any]
# Standard deviations, in logits, of how hard an image is for all models, and of what is hard for one of them alone.
HARDNESS, OWN_HARDNESS = 1.5, 1.0
# What an effect is drawn from, model by model, where a run mixes models that training moves a little and a lot.
MIXED = (0.02, 0.1, 0.5)


def draw(
    generator: np.random.Generator, errors: Sequence[float], effects: Sequence[float], num_seeds: int, num_images: int
) -> dict[str, Array]:
    """Answers, bool [S, N], of models whose mean errors over all images and seeds are `errors`.

    An image is missed with probability expit(a + hardness + own hardness + effect x seed), all of them normal.
    """
    shape = len(errors), num_seeds, num_images
    levels = [intercept(float(error), float(effect)) for error, effect in zip(errors, effects, strict=True)]
    images = HARDNESS * generator.standard_normal(num_images) + OWN_HARDNESS * generator.standard_normal(shape[::2])
    moved = np.asarray(effects)[:, None] * generator.standard_normal(shape[:2])
    chances = expit((np.asarray(levels)[:, None, None] + images[:, None] + moved[:, :, None]).astype(np.float32))
    right = generator.random(shape, dtype=np.float32) >= chances
    return {f"m{index}": answers for index, answers in enumerate(right)}


def draw_grouped(
    generator: np.random.Generator, error: float, spread: float, num_groups: int
) -> tuple[list[Array], Array]:
    """Answers, bool [N], of two models of one error, and the group of each image; groups have 1 to 11 images.

    Beside the images, groups are hard: normal with the standard deviation `spread` for both, half of it for each alone.
    """
    groups = np.repeat(np.arange(num_groups), generator.integers(1, 12, num_groups))
    level = intercept(error, 1.25**0.5 * spread)
    hard = spread * generator.standard_normal(num_groups)[groups] + HARDNESS * generator.standard_normal(len(groups))
    own = [spread / 2 * generator.standard_normal(num_groups)[groups] for _ in range(2)]
    own = [each + OWN_HARDNESS * generator.standard_normal(len(groups)) for each in own]
    return [generator.random(len(groups)) >= expit(level + hard + each) for each in own], groups


@cache
def intercept(error: float, effect: float) -> float:
    """The `a` at which the mean error is `error`, whatever the effect."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    spread, low, high = (HARDNESS**2 + OWN_HARDNESS**2 + effect**2) ** 0.5, -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        too_low = (weights * expit(middle + spread * nodes)).sum() / weights.sum() < error
        low, high = (middle, high) if too_low else (low, middle)
    return low


def effects_of(generator: np.random.Generator, effect: float | str, num_models: int) -> list[float]:
    """One effect for all, or of "mixed" one of three for each."""
    if effect == "mixed":
        return list(generator.choice(MIXED, num_models))
    return [float(effect)] * num_models
