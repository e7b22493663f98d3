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
        quantiles: Array = -ndtri(levels / 2)
        deviations: Array = reach(levels, variances, effects.weights) / quantiles
        wide = zip(models, deviations.tolist(), quantiles.tolist(), strict=True)
        ends.append([wilson(model.error, _effective_images(model, width), quantile) for model, width, quantile in wide])
    return [
        Interval(100 * model.error, 100 * low, 100 * high)
        for model, (low, _), (_, high) in zip(models, *ends, strict=True)
    ]


def _over_images(model: Components, clusters: Array | None) -> float:
    """Variance over images of the mean over seeds."""
    num_images = len(model.num_wrong)
    if clusters is None:
        return float(model.num_wrong.var()) / model.num_seeds**2 / num_images
    rest = by_cluster(model.num_wrong / model.num_seeds - model.error, clusters)
    return float((rest**2).sum()) / num_images**2


def _effective_images(model: Components, deviation: float) -> float:
    """How many images would give this standard deviation of the error if each answer were an independent draw."""
    num_images, error = len(model.num_wrong), model.error
    if not deviation > 0:
        return num_images
    # No error at all says little of what the next draw brings: as if two more images had been missed, and two not.
    rate = error if 0 < error < 1 else (error * num_images + 2) / (num_images + 4)
    return min(rate * (1 - rate) / deviation**2, float(num_images * model.num_seeds))
