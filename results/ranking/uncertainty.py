"""Uncertainty of error rates measured on the same images, over images and over training seeds.

A trial is a draw of a seed (a reader, in the words of the literature) that judges every image (a case):
wrong[s, i] = mean + seed[s] + image[i] + rest[s, i]. The variance of the mean is taken from this crossed layout as in
Dorfman, Berbaum and Metz (1992), with the degrees of freedom of Hillis (2007), Statistics in Medicine 26, 596-619.
All functions take rates between 0 and 1 and work on single numbers and, element by element, on arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ALPHA = 0.05
# From here on Student's t is the normal distribution to every digit shown; infinity is not safe in every scipy.
MOST_FREEDOM = 1e9


@dataclass(frozen=True, slots=True)
class Components:
    """What one model's answers say: `num_wrong` [N] counts seeds, the variances are those of the mean over all.

    `over_seeds` is the variance between the seeds' error rates, `rest` the part of it that single images explain.
    Both are 0 for one seed, which says nothing about another.
    """

    num_wrong: Array
    num_seeds: int
    over_seeds: float
    rest: float

    @property
    def error(self) -> float:
        return float(self.num_wrong.mean()) / self.num_seeds


def components(correct: Array) -> Components:
    """Split up the answers of one model, [S, N] or, for one seed, [N]. Raises ValueError where there is none."""
    import numpy as np

    wrong = ~np.atleast_2d(np.asarray(correct, dtype=bool))
    num_seeds, num_images = wrong.shape
    if not wrong.size:
        raise ValueError("no answers: at least one seed and one image are needed")
    num_wrong, rates = wrong.sum(axis=0, dtype=np.float64), wrong.mean(axis=1)
    if num_seeds == 1:
        return Components(num_wrong, 1, 0.0, 0.0)
    squares = wrong.sum() - (num_wrong @ num_wrong) / num_seeds - num_images * ((rates - rates.mean()) ** 2).sum()
    freedom = max((num_seeds - 1) * (num_images - 1), 1)
    return Components(
        num_wrong=num_wrong,
        num_seeds=num_seeds,
        over_seeds=float(rates.var(ddof=1)) / num_seeds,
        rest=max(float(squares), 0.0) / freedom / (num_seeds * num_images),
    )


def total_variance(over_images: Any, rest: Any, over_seeds: Any, num_images: int) -> tuple[Any, Any]:
    """Variance of a mean over images and seeds, and its degrees of freedom.

    `over_seeds` holds pairs (variance, number of seeds), one for each model whose seeds were drawn. What single images
    explain is in both other parts, so it is taken off once; never less than the variance over images alone. Few seeds
    keep their few degrees of freedom even where they happen to agree: trusting such luck, twelve equal models were
    split in 7 to 25 % of simulated runs, and are in 2 to 5 % so.
    """
    import numpy as np

    images = np.maximum(over_images - rest, 0.0)
    total = images + sum(variance for variance, _ in over_seeds)
    parts = [variance**2 / np.maximum(num_seeds - 1, 1) for variance, num_seeds in over_seeds]
    uncertainty = images**2 / max(num_images - 1, 1) + sum(parts)
    known = uncertainty > 0
    freedom = np.where(known, total**2 / np.where(known, uncertainty, 1.0), MOST_FREEDOM)
    return np.maximum(total, over_images), np.minimum(freedom, MOST_FREEDOM)


def quantile(freedom: Any) -> Any:
    """What |t| of Student's distribution exceeds with probability 5 %; the normal quantile from MOST_FREEDOM on."""
    import numpy as np
    from scipy.special import ndtri, stdtrit

    finite = np.minimum(freedom, MOST_FREEDOM)
    return np.where(finite < MOST_FREEDOM, stdtrit(finite, 1 - ALPHA / 2), ndtri(1 - ALPHA / 2))


def two_sided_p(t: Any, freedom: Any) -> Any:
    """Probability of a |t| at least as large."""
    import numpy as np
    from scipy.special import stdtr

    return 2 * stdtr(freedom, -np.abs(t))


def wilson(rate: float, num_images: float, t: float) -> tuple[float, float]:
    """Score interval of a proportion: Wilson (1927), Journal of the American Statistical Association 22, 209-212."""
    shrink = 1 + t**2 / num_images
    middle = (rate + t**2 / (2 * num_images)) / shrink
    half: float = t * (rate * (1 - rate) / num_images + (t / (2 * num_images)) ** 2) ** 0.5 / shrink
    # The ends at 0 and 1 are exact; rounding would leave 1e-18 there.
    return (0.0 if rate == 0 else middle - half), (1.0 if rate == 1 else middle + half)


def exact_mcnemar(only_first: Any, only_second: Any) -> Any:
    """Exact two-sided p that both kinds of disagreement are equally likely (McNemar 1947; binomial, p = 1/2)."""
    import numpy as np
    from scipy.special import bdtr

    both = np.asarray(only_first + only_second)
    return np.minimum(1.0, 2 * bdtr(np.minimum(only_first, only_second), both.astype(np.int64), 0.5))


def holm(p: Array) -> Array:
    """Adjusted p values [n]: Holm (1979), Scandinavian Journal of Statistics 6, 65-70."""
    import numpy as np

    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(raised, 1.0)
    return adjusted
