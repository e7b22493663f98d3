"""How many test images a table's own tests need to see a gap, and what would narrow its differences most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from results.ranking.components import Components, by_cluster, components
from results.ranking.seed_effects import learnt
from results.ranking.uncertainty import ALPHA, reach

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

POWER = 0.8
# Where so many images do not suffice, what is missing is something else.
MOST_IMAGES = 10**6
# The share of the models whose seeds differ most that is left out: one that diverged is not typical.
ATYPICAL = 0.1
# So many models say what more of them would; few models are tried as several tables of that many together; and the
# pairs of so many of one table stand for the rest.
MOST_ALIKE, MOST_SHOWN, MOST_PAIRED = 100, 24, 8


@dataclass(frozen=True, slots=True)
class Design:
    """What decides how small a difference a table sees, between two typical ones of its models.

    `per_image` is the variance over images of one image's difference between two single trials, of which
    `disagreement` is each one's own, as in `Components`; `effect` is the variance that a seed's effect adds to an
    error rate, and None where all have one seed: then the trials are compared as they are. Where images come in
    clusters `per_image` counts these, and what is each one's own varies `clustering` times as much as single images do.
    """

    num_images: int
    num_seeds: int
    num_models: int
    per_image: float
    disagreement: float
    effect: float | None
    clustering: float = 1.0

    @property
    def level(self) -> float:
        """What the first of Holm's steps holds a p against."""
        return ALPHA / max(self.num_models * (self.num_models - 1) / 2, 1)

    @property
    def over_images(self) -> float:
        """Variance over images of the difference between two error rates."""
        saved = 2 * self.disagreement * self.clustering * (1 - 1 / self.num_seeds)
        # Seeds that happen to disagree on more than the models do leave nothing: then as if on two images.
        return max(self.per_image - saved, 2 / self.num_images) / self.num_images

    def detectable(self) -> float:
        """The least difference that is significant, as a rate, in the mean over pairs."""
        return float(self._detectable().mean())

    def power(self, gap: float) -> float:
        """How often a difference of `gap` is found significant."""
        from scipy.special import ndtr

        variance = self.over_images + 2 * (self.effect or 0.0) / self.num_seeds
        return float(ndtr((gap - self._detectable()) / variance**0.5).mean())

    def _detectable(self) -> Array:
        """For pairs of models whose seeds happen to lie near together and far apart, as chance has it [P]."""
        import numpy as np

        if self.effect is None:
            return reach(np.array([self.level]), np.array([[self.over_images]]), np.ones((1, 1)))
        number = min(self.num_models, MOST_ALIKE)
        tables = self._luck(number)
        return np.concatenate([self._pairs(luck) for luck in tables])

    def _luck(self, number: int) -> Array:
        """How far apart seeds lie by chance, as a share of what is expected, for several tables of models [T, number].

        Quantiles of chi squared, all equally likely, dealt out to the tables.
        """
        import numpy as np
        from scipy.special import chdtri

        num_tables = max(MOST_SHOWN // number, 1)
        middles = (np.arange(num_tables * number) + 0.5) / (num_tables * number)
        quantiles = np.asarray(chdtri(self.num_seeds - 1, 1 - middles)) / (self.num_seeds - 1)
        return np.random.default_rng(0).permutation(quantiles).reshape(num_tables, number)

    def _pairs(self, luck: Array) -> Array:
        """The least significant difference of each pair of some models of one table [P]."""
        import numpy as np

        alike, chance = np.ones(len(luck)), self.disagreement * self.clustering / self.num_images
        effects = learnt(
            between=luck * (chance + (self.effect or 0.0)),
            chance=alike * chance,
            disagreement=alike * max(self.disagreement, 0.5 / self.num_images),
            num_seeds=alike.astype(int) * self.num_seeds,
            num_images=self.num_images,
        )
        # From the nearest together to the farthest apart, so that the pairs of some are those of all.
        few = min(len(luck), MOST_PAIRED)
        some = np.argsort(luck)[((np.arange(few) + 0.5) / few * len(luck)).astype(int)]
        first, second = (some[at] for at in np.triu_indices(few, 1))
        both = effects.variances[first][:, :, None] + effects.variances[second][:, None, :]
        weights = effects.weights[first][:, :, None] * effects.weights[second][:, None, :]
        flat = (len(first), -1)
        return reach(np.full(len(first), self.level), self.over_images + both.reshape(flat), weights.reshape(flat))


def design(correct: Mapping[str, Array], gap: float, clusters: Array | None = None) -> Design:
    """The design of a run with at least two models; two that differ by `gap` disagree on that share of the images.

    With `clusters` [N], as in `components`, they disagree on that share of the clusters, and more images are more
    clusters like these.
    """
    import numpy as np

    models = [components(answers, clusters) for answers in correct.values()]
    first = min(range(len(models)), key=lambda i: models[i].error)
    several = [model for model in models if model.num_seeds > 1]
    disagreement = float(np.median([model.disagreement for model in several])) if several else 0.0
    num_seeds = round(float(np.median([model.num_seeds for model in several]))) if several else 1
    num_images = len(models[0].num_wrong)
    clustering = _clustering(several, disagreement) if clusters is not None else 1.0
    others = [model for at, model in enumerate(models) if at != first]
    pairs = [_per_image(models[first], other, disagreement * clustering, clusters) for other in others]
    least = gap * (
        1.0 if clusters is None else float((by_cluster(np.ones(num_images), clusters) ** 2).sum()) / num_images
    )
    return Design(
        num_images=num_images,
        num_seeds=num_seeds,
        num_models=len(models),
        per_image=max(float(np.median(pairs)), least),
        disagreement=disagreement,
        effect=_typical_effect(several) if several else None,
        clustering=clustering,
    )


def images_needed(seen: Design, gap: float) -> int | None:
    """Test images at which a difference of `gap` is found in 80 % of the cases; None where no number suffices.

    Connor (1987), Biometrics 43, 207-211, for one seed; the level is that of the table's own tests.
    """
    if not _enough(seen, MOST_IMAGES, gap):
        return None
    low, high = 1, MOST_IMAGES
    while high - low > max(low // 1000, 1):
        middle = round((low * high) ** 0.5) if low > 1 else (low + high) // 2
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
    if seen.effect is not None:
        ways["seeds"] = replace(seen, num_seeds=2 * seen.num_seeds)
    return min(ways, key=lambda way: ways[way].detectable())


def _clustering(several: list[Components], disagreement: float) -> float:
    """How many times the variance of what seeds disagree on grows because images come in clusters."""
    import numpy as np

    if not disagreement:
        return 1.0
    return float(np.median([model.chance * len(model.num_wrong) for model in several])) / disagreement


def _per_image(first: Components, second: Components, chance: float, clusters: Array | None) -> float:
    """Of two single trials: what a mean over seeds has averaged out is put back."""
    import numpy as np

    apart = first.num_wrong / first.num_seeds - second.num_wrong / second.num_seeds
    # Clusters differ by their sizes too: their variance is about the mean, or large ones would seem to disagree.
    together = apart if clusters is None else by_cluster(apart - apart.mean(), clusters)
    seen = float(np.square(together).sum()) / len(apart)
    return seen + chance * (2 - 1 / first.num_seeds - 1 / second.num_seeds)


def _typical_effect(several: list[Components]) -> float:
    """Variance of an error rate by its seed's effect, in the mean over the models but those that differ most."""
    import numpy as np

    seen = np.sort([model.between - model.chance for model in several])
    return max(float(seen[: len(seen) - int(ATYPICAL * len(seen))].mean()), 0.0)


def _enough(seen: Design, num_images: int, gap: float) -> bool:
    return replace(seen, num_images=num_images).power(gap) >= POWER
