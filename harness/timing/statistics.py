"""Statistics of step times. None assumes a normal distribution: times have a floor and a long tail."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from statistics import median, quantiles


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """A 95 % interval of the median: two order statistics whose ranks follow from Binomial(n, 1/2).

    Below six values no pair of them covers 95 %; then it is their whole range (five values: 93.75 %).
    """
    ordered = sorted(values)
    rank = lower_rank(len(ordered))
    return ordered[rank - 1], ordered[-rank]


@cache
def lower_rank(n: int) -> int:
    """The largest rank k such that the k-th smallest and the k-th largest of n enclose the median in 95 % of cases."""
    ways, fewer, rank = 1, 0, 0  # ways to have exactly `rank` of n values below the median, and fewer than that
    while 40 * (fewer + ways) <= 2**n:
        fewer += ways
        ways = ways * (n - rank) // (rank + 1)
        rank += 1
    return max(rank, 1)


def half_width(values: Sequence[float]) -> float:
    """How far the median's 95 % interval reaches from it, as a share of it: 0.02 reads ±2 %."""
    low, high = median_interval(values)
    middle = median(values)
    return max(high - middle, middle - low) / middle if middle else 0.0


def p95(values: Sequence[float]) -> float:
    """The time that 95 % of the steps stay below; of few values their largest."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def overlap(first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Whether two intervals share a point; models whose intervals do are not ranked apart by speed."""
    return first[0] <= second[1] and second[0] <= first[1]
