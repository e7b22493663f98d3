"""How many test images a table's own tests need to see a gap, and what would narrow its differences most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from results.ranking.components import Components, components
from results.ranking.seed_effects import seed_effects
from results.ranking.uncertainty import ALPHA, reach

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

POWER = 0.8
# Where so many images do not suffice, what is missing is something else.
MOST_IMAGES = 10**8


@dataclass(frozen=True, slots=True)
class Design:
    """What decides how small a difference a table sees, for a typical pair of its models.

    `per_image` is the variance over images of the difference of one image, of which `chance` goes down with more
    seeds; `over_seeds` and `weights` [M] are what drawing other seeds adds to the variance of the whole difference.
    """

    num_images: int
    num_seeds: int
    num_models: int
    per_image: float
    chance: float
    over_seeds: Array
    weights: Array

    @property
    def level(self) -> float:
        """What the first of Holm's steps holds a p against."""
        return ALPHA / max(self.num_models * (self.num_models - 1) / 2, 1)

    def variances(self) -> Array:
        """Of a difference between two error rates [M]."""
        return self.per_image / self.num_images + self.over_seeds

    def detectable(self) -> float:
        """The least difference that is significant, as a rate."""
        import numpy as np

        return float(reach(np.array(self.level), self.variances(), self.weights))

    def power(self, gap: float) -> float:
        """How often a difference of `gap` is found significant."""
        import numpy as np
        from scipy.special import ndtr

        beyond = (gap - self.detectable()) / np.sqrt(self.variances())
        return float((ndtr(beyond) * self.weights).sum())

    def with_seeds(self, factor: int) -> Design:
        """With so many times the seeds."""
        saved = self.chance * (1 - 1 / factor)
        return replace(
            self,
            num_seeds=self.num_seeds * factor,
            per_image=self.per_image - saved,
            chance=self.chance / factor,
            over_seeds=self.over_seeds / factor,
        )


def design(correct: Mapping[str, Array], gap: float) -> Design:
    """The design of a run with at least two models; two that differ by `gap` disagree on that share of the images."""
    import numpy as np

    models = [components(answers) for answers in correct.values()]
    effects = seed_effects(models)
    first = min(range(len(models)), key=lambda i: models[i].error)
    others = [i for i in range(len(models)) if i != first]
    discordances = [_discordance(models[first], models[i]) for i in others]
    # The pair of middle discordance, and the effects of all: what two models of this table are like.
    variances = np.median(effects.variances, axis=0)
    weights = effects.weights.mean(axis=0)
    pair, both = variances[:, None] + variances, weights[:, None] * weights
    seeds = sorted(model.num_seeds for model in models)[len(models) // 2]
    chance = 2 * float(np.median([model.disagreement for model in models])) / seeds
    per_image = max(float(np.median(discordances)), gap)
    return Design(
        num_images=len(models[0].num_wrong),
        num_seeds=seeds,
        num_models=len(models),
        per_image=per_image,
        chance=min(chance, per_image),
        over_seeds=pair.ravel(),
        weights=both.ravel(),
    )


def images_needed(seen: Design, gap: float) -> int | None:
    """Test images at which a difference of `gap` is found in 80 % of the cases; None where no number suffices.

    Connor (1987), Biometrics 43, 207-211, for one seed; the level is that of the table's own tests.
    """
    if not _enough(seen, MOST_IMAGES, gap):
        return None
    low, high = 1, MOST_IMAGES
    while high - low > max(low // 1000, 1):
        middle = (low + high) // 2
        low, high = (low, middle) if _enough(seen, middle, gap) else (middle, high)
    return high


def narrows_most(seen: Design) -> str:
    """Which of twice the images, twice the seeds and half the models lets the table see the smallest difference.

    One of "images", "seeds" and "models". What other seeds would do is not known where there is but one.
    """
    ways = {
        "images": replace(seen, num_images=2 * seen.num_images),
        "models": replace(seen, num_models=max(2, seen.num_models // 2)),
    }
    if seen.over_seeds.any():
        ways["seeds"] = seen.with_seeds(2)
    return min(ways, key=lambda way: ways[way].detectable())


def _discordance(first: Components, second: Components) -> float:
    import numpy as np

    return float(np.square(first.num_wrong / first.num_seeds - second.num_wrong / second.num_seeds).mean())


def _enough(seen: Design, num_images: int, gap: float) -> bool:
    return replace(seen, num_images=num_images).power(gap) >= POWER
