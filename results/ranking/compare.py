"""Which model is better, by how much, and how sure that is. `correct` is bool [S, N]: seeds by test images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

from results.ranking.paired import Pairs, paired_differences
from results.ranking.uncertainty import (
    ALPHA,
    MOST_FREEDOM,
    Components,
    components,
    holm,
    quantile,
    total_variance,
    wilson,
)

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Z_ALPHA = 1.959964  # two-sided 5 %
Z_POWER = 0.841621  # 80 % power


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval, in percent."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Error of the first less error of the second in percentage points, with its 95 % interval and p.

    The last four count images, as means over the seeds.
    """

    difference: float
    low: float
    high: float
    p: float
    both_right: float
    only_first: float
    only_second: float
    both_wrong: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Models by rank, then by error: rank = 1 + the number of models that are significantly better after Holm.

    `tied` are those who share their rank. `vs_best` compares each other model with the first of `order`;
    `p_adjusted` has every pair in both orders.
    """

    order: tuple[str, ...]
    ranks: Mapping[str, int]
    tied: frozenset[str]
    vs_best: Mapping[str, Comparison]
    p_adjusted: Mapping[tuple[str, str], float]


def error_interval(correct: Array) -> Interval:
    """Error rate with the interval of Wilson; with several seeds it covers drawing images and drawing seeds.

    Then the number of images is replaced by the one that would give the variance found, and the normal quantile by
    Student's: Korn and Graubard (1998), Survey Methodology 24, 193-201; Dean and Pagano (2015), Journal of Survey
    Statistics and Methodology 3, 484-503.
    """
    model = components(correct)
    num_images, freedom = _effective_images(model)
    low, high = wilson(model.error, num_images, float(quantile(freedom)))
    return Interval(100 * model.error, 100 * low, 100 * high)


def compare(first_correct: Array, second_correct: Array) -> Comparison:
    """Two models on the same images. Raises ValueError where the numbers of images differ."""
    import numpy as np

    pairs = paired_differences([components(first_correct), components(second_correct)])
    first, second = np.atleast_2d(first_correct).astype(float), np.atleast_2d(second_correct).astype(float)
    if len(first) != len(second):
        # No seed of one belongs to a seed of the other: the mean over all their pairs.
        first, second = first.mean(axis=0, keepdims=True), second.mean(axis=0, keepdims=True)
    both_right = float((first * second).sum(axis=1).mean())
    right_first, right_second = float(first.sum(axis=1).mean()), float(second.sum(axis=1).mean())
    return Comparison(
        difference=100 * float(pairs.difference[0, 1]),
        low=100 * float(pairs.low[0, 1]),
        high=100 * float(pairs.high[0, 1]),
        p=float(pairs.p[0, 1]),
        both_right=both_right,
        only_first=right_first - both_right,
        only_second=right_second - both_right,
        both_wrong=first.shape[1] - right_first - right_second + both_right,
    )


def rank(correct: Mapping[str, Array]) -> Ranking:
    """Rank models by error on the same images. Raises ValueError where the numbers of images differ."""
    if not correct:
        return Ranking((), {}, frozenset(), {}, {})
    names = list(correct)
    models = [components(answers) for answers in correct.values()]
    pairs = paired_differences(models)
    adjusted = _adjusted(pairs)
    better = (adjusted < ALPHA) & (pairs.difference > 0)
    ranks = {name: 1 + int(count) for name, count in zip(names, better.sum(axis=1), strict=True)}
    errors = {name: model.error for name, model in zip(names, models, strict=True)}
    order = tuple(sorted(names, key=lambda name: (ranks[name], errors[name], name)))
    shared = Counter(ranks.values())
    table = adjusted.tolist()
    return Ranking(
        order=order,
        ranks={name: ranks[name] for name in order},
        tied=frozenset(name for name in names if shared[ranks[name]] > 1),
        vs_best={name: compare(correct[name], correct[order[0]]) for name in order[1:]},
        p_adjusted={(a, b): table[i][j] for i, a in enumerate(names) for j, b in enumerate(names) if i != j},
    )


def images_to_resolve(first_correct: Array, second_correct: Array, gap_pp: float = 1.0) -> int:
    """Test images needed to see a gap of `gap_pp` percentage points with 80 % power at the 5 % level.

    Connor (1987), Biometrics 43, 207-211, for McNemar's test at the share of images that the two were seen to judge
    differently. More images do not reduce what retraining adds: for several seeds it is not counted.
    """
    gap = gap_pp / 100
    if not 0 < gap < 1:
        raise ValueError(f"gap_pp is {gap_pp}: it must lie between 0 and 100")
    pairs = paired_differences([components(first_correct), components(second_correct)])
    # Models that differ by the gap differ on at least that share of the images.
    discordance = max(float(pairs.discordance[0, 1]), gap)
    return ceil((Z_ALPHA * sqrt(discordance) + Z_POWER * sqrt(discordance - gap**2)) ** 2 / gap**2)


def pareto(points: Mapping[str, tuple[float, float]]) -> frozenset[str]:
    """Names of the points that no other point beats: lower is better in both, equal points stay together."""
    front: set[str] = set()
    least = float("inf")
    best_at: tuple[float, float] | None = None
    for name, point in sorted(points.items(), key=lambda item: item[1]):
        if point[1] < least or point == best_at:
            front.add(name)
            least, best_at = point[1], point
    return frozenset(front)


def _effective_images(model: Components) -> tuple[float, float]:
    """How many images would give the variance of this mean if each were an independent draw; degrees of freedom."""
    num_images, error = len(model.num_wrong), model.error
    over_images = float(model.num_wrong.var()) / model.num_seeds**2 / num_images
    variance, freedom = total_variance(over_images, model.rest, [(model.over_seeds, model.num_seeds)], num_images)
    if model.num_seeds == 1 or num_images == 1 or variance == 0:
        return num_images, MOST_FREEDOM
    return min(error * (1 - error) / float(variance), num_images * model.num_seeds), float(freedom)


def _adjusted(pairs: Pairs) -> Array:
    """Holm over all pairs, as a symmetric matrix with 1 on the diagonal."""
    import numpy as np

    adjusted = np.ones_like(pairs.p)
    above = np.triu_indices(len(pairs.p), 1)
    adjusted[above] = holm(pairs.p[above])
    return np.minimum(adjusted, adjusted.T)
