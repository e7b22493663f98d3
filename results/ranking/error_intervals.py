"""Error rates of models with their 95 % intervals, over drawing images and, where seeds are known, drawing seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.ranking.components import Components, by_cluster, components
from results.ranking.seed_effects import SeedEffects, seed_effects
from results.ranking.uncertainty import ALPHA, reach, wilson

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval, in percent."""

    mean: float
    low: float
    high: float


def error_interval(correct: Array, clusters: Array | None = None) -> Interval:
    """Error rate of one model alone, bool [S, N]."""
    model = components(correct, clusters)
    (interval,) = error_intervals([model], seed_effects([model]), 0, clusters)
    return interval


def error_intervals(
    models: Sequence[Components], effects: SeedEffects, chosen: int, clusters: Array | None = None
) -> list[Interval]:
    """Wilson's interval of each model, for as many images as would give the variance that was found.

    Korn and Graubard (1998), Survey Methodology 24, 193-201. The model at `chosen` was chosen for its low error, so
    its upper end is at 5 % / k: that allows for any choice among k (Bonferroni).
    """
    import numpy as np
    from scipy.special import ndtri

    variances = np.array([[_over_images(model, clusters)] for model in models]) + effects.variances
    above = np.full(len(models), ALPHA)
    above[chosen] = ALPHA / len(models)
    ends = []
    for levels in (np.full(len(models), ALPHA), above):
        quantiles = np.asarray(-ndtri(levels / 2))
        deviations = reach(levels, variances, effects.weights) / quantiles
        wide = zip(models, deviations.tolist(), quantiles.tolist(), strict=True)
        ends.append([wilson(model.error, _effective_images(model, width), quantile) for model, width, quantile in wide])
    return [
        Interval(100 * model.error, 100 * low, 100 * high)
        for model, (low, _), (_, high) in zip(models, *ends, strict=True)
    ]


def _over_images(model: Components, clusters: Array | None) -> float:
    """Variance over images of the mean over seeds, as if two more had been missed by all seeds and two by none.

    No error at all, or the error of one seed of three, says little of how much images differ.
    """
    import numpy as np

    num_images, seeds = len(model.num_wrong), float(model.num_seeds)
    more: Array = np.concatenate([model.num_wrong, [seeds, seeds, 0.0, 0.0]]) / seeds
    return float(more.var()) / num_images * (1.0 if clusters is None else _design_effect(model, clusters))


def _design_effect(model: Components, clusters: Array) -> float:
    """How many times the variance grows because images come in clusters (Kish 1965, Survey Sampling)."""
    import numpy as np

    apart = float(((model.num_wrong / model.num_seeds - model.error) ** 2).sum())
    if not apart:
        sizes = by_cluster(np.ones(len(clusters)), clusters)
        return float((sizes**2).sum()) / len(clusters)
    together = by_cluster(model.num_wrong / model.num_seeds - model.error, clusters)
    return float((together**2).sum()) / apart


def _effective_images(model: Components, deviation: float) -> float:
    """How many images would give this standard deviation of the error if each answer were an independent draw."""
    num_images = len(model.num_wrong)
    rate = (model.error * num_images + 2) / (num_images + 4)
    return min(rate * (1 - rate) / deviation**2, float(num_images * model.num_seeds))
