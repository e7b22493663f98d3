"""Paired differences between the error rates of all models at once: each array is [m, m], first model along rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.ranking.components import Components, by_cluster
from results.ranking.seed_effects import NEGLIGIBLE, SeedEffects
from results.ranking.uncertainty import mcnemar, reach, tail

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Error of the first less error of the second, and the p of no difference; rates, not percent.

    `middle` is the difference after two more images on which the models disagree, once each way; `over_images` is its
    variance over images.
    """

    difference: Array
    middle: Array
    over_images: Array
    p: Array


def paired_differences(models: Sequence[Components], effects: SeedEffects, clusters: Array | None = None) -> Pairs:
    """Every model against every other. Raises ValueError where they were not tested on equally many images.

    Variances over images are those of Bonett and Price (2012), British Journal of Mathematical and Statistical
    Psychology 65, 479-488, so that no difference is ever certain. What drawing other seeds adds is a mixture of
    variances (`effects`); seeds of different models are independent. One seed each: the p is McNemar's.
    """
    import numpy as np

    num_images = _num_images(models)
    total, squared = _sums(models)
    middle = total / (num_images + 2)
    if clusters is None:
        over_images = ((squared + 2) / (num_images + 2) - middle**2) / (num_images + 2)
    else:
        over_images = _over_clusters(models, middle, clusters)
    if effects.known or clusters is not None:
        p = _mixed_p(middle, over_images, effects)
    else:
        p = mcnemar(np.maximum(np.rint((squared - total) / 2), 0), np.maximum(np.rint((squared + total) / 2), 0))
    return Pairs(total / num_images, middle, over_images, p)


def half_widths(pairs: Pairs, effects: SeedEffects, first: Array, second: Array, levels: Array) -> Array:
    """Half the width of the interval at 1 - level of each pair [n], both and its level given [n]."""
    import numpy as np

    seeds = effects.variances[first][:, :, None] + effects.variances[second][:, None, :]
    variances = pairs.over_images[first, second][:, None, None] + seeds
    weights = effects.weights[first][:, :, None] * effects.weights[second][:, None, :]
    flat = (len(first), -1)
    return reach(np.asarray(levels), variances.reshape(flat), weights.reshape(flat))


def _num_images(models: Sequence[Components]) -> int:
    counts = {len(model.num_wrong) for model in models}
    if len(counts) > 1:
        raise ValueError(f"models were tested on {sorted(counts)} images: only answers to the same ones can be paired")
    return counts.pop()


def _sums(models: Sequence[Components]) -> tuple[Array, Array]:
    """Sums over images of the difference and of its square, from one product of matrices for all pairs."""
    import numpy as np

    counts = np.stack([model.num_wrong for model in models])
    seeds = np.array([float(model.num_seeds) for model in models])
    # Products of whole numbers are exact, so that equal models differ by 0 and not by 1e-16.
    products = (counts @ counts.T) / np.outer(seeds, seeds)
    errors, own = counts.sum(axis=1) / seeds, products.diagonal()
    return errors[:, None] - errors, np.maximum(own[:, None] + own - 2 * products, 0.0)


def _over_clusters(models: Sequence[Components], middle: Array, clusters: Array) -> Array:
    """Variance of the difference over clusters of images, which are drawn as wholes; two more, as for images."""
    import numpy as np

    sizes = by_cluster(np.ones(len(clusters)), clusters)
    rates = np.stack([by_cluster(model.num_wrong, clusters) / model.num_seeds for model in models])
    products, by_size = rates @ rates.T, rates @ sizes
    own = products.diagonal()
    squares = np.maximum(own[:, None] + own - 2 * products, 0.0)
    left = squares - 2 * middle * (by_size[:, None] - by_size) + middle**2 * (sizes**2).sum()
    typical = (sizes**2).mean()
    over: Array = (np.maximum(left, 0.0) + 2 * typical) / (len(clusters) + 2) ** 2
    return over


def _mixed_p(middle: Array, over_images: Array, effects: SeedEffects) -> Array:
    """The p of every pair, a row at a time: all at once would be k x k x G x G numbers.

    Models of which many effects are possible go first, so that the other rows need not count with these.
    """
    import numpy as np

    possible = effects.weights > NEGLIGIBLE
    order = np.argsort(-possible.sum(axis=1), kind="stable")
    p = np.ones_like(middle)
    for at, one in enumerate(order[:-1]):
        others = order[at + 1 :]
        own, theirs = possible[one], possible[others].any(axis=0)
        seeds = effects.variances[others][:, theirs, None] + effects.variances[one, own]
        weights = effects.weights[others][:, theirs, None] * effects.weights[one, own]
        variances, flat = over_images[one, others][:, None, None] + seeds, (len(others), -1)
        found = tail(middle[one, others], variances.reshape(flat), weights.reshape(flat))
        p[one, others] = p[others, one] = found
    return p
