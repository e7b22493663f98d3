"""Statistics of step times. None assumes a normal distribution: times have a floor and a long tail."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

from results.ranking.step_times import median_reach


def half_width(values: Sequence[float]) -> float:
    """How far the median's 95 % interval reaches from it, as a share of it: 0.02 reads ±2 %."""
    middle = median(values)
    return median_reach(values) / middle if middle else 0.0


def p95(values: Sequence[float]) -> float:
    """The time that 95 % of the steps stay below; of few values their largest."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def overlap(first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Whether two intervals share a point; models whose intervals do are not ranked apart by speed."""
    return first[0] <= second[1] and second[0] <= first[1]
