"""How much a new training changes a model's error, learnt from all models of a run together.

Two or three seeds say little of one model: seeds that agree by luck look like a model that training hardly changes.
So a seed's effect is taken as a draw from a distribution that all models share, and whose shape the run itself gives:
an empirical Bayes estimate over a grid, with no form assumed (Kiefer and Wolfowitz 1956; for variances Lu and Stephens
2016, Bioinformatics 32, 3428-3434, who extend Smyth 2004). docs/statistics.md has the simulation that chose it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.ranking.components import Components

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Standard deviations of a seed's effect on the logit of every image's chance to be missed.
EFFECTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.7, 1.1, 2.0, 4.0, 8.0, 16.0)
# What trainings that end well are known to do, and no more, is expected before anything was seen.
LARGEST_EXPECTED = 2.0
# That expectation counts as this many models, divided by their number: of two models their seeds say hardly how
# different models can be, and of twenty they say it well. Less lets equal models be told apart too often.
EXPECTED_MODELS = 4.0
# Seeds whose errors differ by more than this standard deviation are trainings of which one diverged. They speak for
# their own model: that one of a hundred may diverge says nothing of how far the others' seeds lie apart.
DIVERGED = 0.15
STEPS = 100
# Far below any level that a p is held against: 5 % over the pairs of thousands of models.
NEGLIGIBLE = 1e-11


@dataclass(frozen=True, slots=True)
class SeedEffects:
    """For each of k models the variances [k, G] that drawing its seeds may add to its mean error, and their weights.

    What chance alone does to single images is not in them. Where no model has several seeds, there is one, of 0: the
    models are then compared as the checkpoints that they are.
    """

    variances: Array
    weights: Array

    @property
    def known(self) -> bool:
        """Whether drawing other seeds is part of what is said."""
        return bool(self.variances.any())


def seed_effects(models: Sequence[Components]) -> SeedEffects:
    """What the seeds of `models` say of each other; a model with one seed borrows from the rest."""
    import numpy as np

    if all(model.num_seeds == 1 for model in models):
        return SeedEffects(np.zeros((len(models), 1)), np.ones((len(models), 1)))
    return learnt(
        between=np.array([model.between for model in models]),
        chance=np.array([model.chance for model in models]),
        disagreement=_disagreement(models),
        num_seeds=np.array([model.num_seeds for model in models]),
        num_images=len(models[0].num_wrong),
    )


def learnt(*, between: Array, chance: Array, disagreement: Array, num_seeds: Array, num_images: int) -> SeedEffects:
    """The same from the figures of `Components` [k] alone, some of them of several seeds."""
    import numpy as np

    per_seed = np.square(np.multiply.outer(disagreement, EFFECTS))
    # Of no effect and no chance to be seen, a variance would be infinitely unlikely to be anything but 0.
    expected = np.maximum(chance, 0.5 / num_images**2)[:, None] + per_seed
    freedom = (num_seeds - 1)[:, None]
    # The seeds' variance is its expectation times chi squared over its degrees of freedom. A model with one seed finds
    # every effect equally likely: it will take the weights of the others.
    log_likelihood = -freedom / 2 * (np.log(expected) + between[:, None] / expected)
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    weights = _weights(likelihood, num_seeds > 1, between > DIVERGED**2)
    kept = (weights > NEGLIGIBLE).any(axis=0)
    kept_weights = weights[:, kept]
    return SeedEffects(per_seed[:, kept] / num_seeds[:, None], kept_weights / kept_weights.sum(axis=1, keepdims=True))


def _disagreement(models: Sequence[Components]) -> Array:
    """How often seeds disagree on an image [k]; of a model with one seed what its error leads to expect."""
    import numpy as np

    # Seeds that were never seen to disagree may do so on the next image.
    least = 0.5 / len(models[0].num_wrong)
    error = np.array([model.error for model in models])
    seen = np.array([max(model.disagreement, least) for model in models])
    several = np.array([model.num_seeds > 1 for model in models])
    at_most = np.maximum(error * (1 - error), least)
    return np.where(several, seen, np.maximum(at_most * np.median(seen[several] / at_most[several]), least))


def _weights(likelihood: Array, several: Array, diverged: Array) -> Array:
    """How likely each effect is for each model [k, G], by expectation and maximisation over what they share."""
    import numpy as np

    flat = np.full(likelihood.shape[1], 1 / likelihood.shape[1])
    informative = likelihood[several & ~diverged]
    expected = np.array(EFFECTS) <= LARGEST_EXPECTED
    counted = EXPECTED_MODELS / max(len(informative), 1) * expected / expected.sum()
    shared = flat
    for _ in range(STEPS):
        own = informative * shared
        own /= own.sum(axis=1, keepdims=True)
        shared = own.sum(axis=0) + counted
        shared /= shared.sum()
    weights = likelihood * np.where(diverged[:, None], flat, shared)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights
