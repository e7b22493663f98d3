"""Uncertainty of error rates measured on the same images: intervals, tests and their adjustment for many.

All functions take rates between 0 and 1 and work on single numbers and, element by element, on arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ALPHA = 0.05
# Enough halvings to find a width to every digit of a float.
HALVINGS = 60
# Stands for none, so that 0 / 0 is 0: what has no variance reaches nowhere.
LEAST_VARIANCE = 1e-300


def tail(distance: Array, variances: Array, weights: Array) -> Array:
    """Two-sided p of `distance` [...] under normal distributions of `variances` [..., M], mixed by `weights` [..., M].

    Where a variance is known only as a distribution, the mixture is what a p value has to be taken from: the p of the
    likeliest variance believes in it too much (Behrens and Fisher's problem; Tsui and Weerahandi 1989, Journal of the
    American Statistical Association 84, 602-607).
    """
    import numpy as np
    from scipy.special import ndtr

    reached = -np.abs(distance)[..., None] / np.sqrt(np.maximum(variances, LEAST_VARIANCE))
    mixed: Array = (2 * ndtr(reached) * weights).sum(axis=-1)
    return np.minimum(mixed, 1.0)


def reach(level: Array, variances: Array, weights: Array) -> Array:
    """The distance [...] whose `tail` is `level` [...]: half the width of an interval at 1 - level."""
    import numpy as np
    from scipy.special import ndtri

    quantile = -ndtri(np.asarray(level) / 2)
    low, high = quantile * np.sqrt(variances.min(axis=-1)), quantile * np.sqrt(variances.max(axis=-1))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        too_near = tail(middle, variances, weights) > level
        low, high = np.where(too_near, middle, low), np.where(too_near, high, middle)
    return high


def t_quantile(level: float, degrees: float) -> float:
    """The value that Student's t with `degrees` of freedom stays below with probability `level`."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, level))


def wilson(rate: float, num_images: float, quantile: float) -> tuple[float, float]:
    """Score interval of a proportion: Wilson (1927), Journal of the American Statistical Association 22, 209-212."""
    shrink = 1 + quantile**2 / num_images
    middle = (rate + quantile**2 / (2 * num_images)) / shrink
    half: float = quantile * (rate * (1 - rate) / num_images + (quantile / (2 * num_images)) ** 2) ** 0.5 / shrink
    # The ends at 0 and 1 are exact; rounding would leave 1e-18 there.
    return (0.0 if rate == 0 else middle - half), (1.0 if rate == 1 else middle + half)


def mcnemar(only_first: Array, only_second: Array) -> Array:
    """Two-sided mid-p that both kinds of disagreement are equally likely.

    McNemar's test, of the probability of what was seen only half: Fagerland, Lydersen and Laake (2013), BMC Medical
    Research Methodology 13, 91. The exact test counts all of it, keeps far below its level, and finds less.
    """
    import numpy as np
    from scipy.special import bdtr
    from scipy.stats import binom

    both, fewer = np.asarray(only_first + only_second), np.minimum(only_first, only_second)
    at_most, just = bdtr(fewer, both.astype(np.int64), 0.5), binom.pmf(fewer, both, 0.5)
    return np.minimum(1.0, 2 * at_most - just)


def holm(p: Array) -> tuple[Array, Array]:
    """Adjusted p values [n], and the level [n] that each p was held against: Holm (1979), Scand. J. Stat. 6, 65-70.

    What was not rejected was held against the level of the first that was not. A p is below its level just where the
    adjusted one is below 5 %.
    """
    import numpy as np

    order, left = np.argsort(p, kind="stable"), np.arange(len(p), 0, -1)
    raised = np.minimum(np.maximum.accumulate(p[order] * left), 1.0)
    num_rejected = int((raised < ALPHA).sum())
    adjusted, levels = np.empty(len(p)), np.empty(len(p))
    adjusted[order] = raised
    levels[order] = ALPHA / np.maximum(left, len(p) - num_rejected) if len(p) else left
    return adjusted, levels
