"""Paired differences between the error rates of all models at once: each array is [m, m], first model along rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.ranking.uncertainty import (
    ALPHA,
    MOST_FREEDOM,
    Components,
    exact_mcnemar,
    quantile,
    total_variance,
    two_sided_p,
)

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Error of the first less error of the second, its 95 % interval, and the p of no difference; rates, not percent.

    `discordance` is the mean over images of the squared difference: for one seed, the share judged differently.
    """

    difference: Array
    low: Array
    high: Array
    p: Array
    discordance: Array


def paired_differences(models: Sequence[Components]) -> Pairs:
    """Every model against every other. Raises ValueError where they were not tested on equally many images.

    Variances over images are those of Bonett and Price (2012), British Journal of Mathematical and Statistical
    Psychology 65, 479-488: two more images on which the models disagree, once each way, so that no difference is
    ever certain. One seed each: the p is McNemar's exact one, and the interval reaches 0 wherever that p does not
    reject. Otherwise p and interval come from one t; seeds of different models are independent, and a model with
    one seed is taken as that checkpoint.
    """
    import numpy as np

    num_images = _num_images(models)
    total, squared = _sums(models)
    middle = total / (num_images + 2)
    over_images = ((squared + 2) / (num_images + 2) - middle**2) / (num_images + 2)
    seeds = np.array([model.num_seeds for model in models])
    over_seeds = np.array([model.over_seeds for model in models])
    rest = np.array([model.rest for model in models])
    variance, freedom = total_variance(
        over_images,
        rest[:, None] + rest,
        [(over_seeds[:, None], seeds[:, None]), (over_seeds, seeds)],
        num_images,
    )
    deviation = np.sqrt(variance)
    exact = (seeds[:, None] == 1) & (seeds == 1)
    p = np.where(exact, _exact_p(total, squared), two_sided_p(middle / deviation, freedom))
    half = deviation * np.where(exact, quantile(MOST_FREEDOM), quantile(freedom))
    low, high = np.maximum(middle - half, -1.0), np.minimum(middle + half, 1.0)
    open_question = p >= ALPHA
    return Pairs(
        difference=total / num_images,
        low=np.where(open_question, np.minimum(low, 0.0), low),
        high=np.where(open_question, np.maximum(high, 0.0), high),
        p=p,
        discordance=squared / num_images,
    )


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


def _exact_p(total: Array, squared: Array) -> Any:
    """McNemar's p; it means nothing where a model has several seeds."""
    import numpy as np

    only_second, only_first = np.rint((squared + total) / 2), np.rint((squared - total) / 2)
    return exact_mcnemar(np.maximum(only_first, 0), np.maximum(only_second, 0))
