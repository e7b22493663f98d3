"""How many times as long one model takes as another, with an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from results.ranking.front import Time
from results.ranking.uncertainty import ALPHA


@dataclass(frozen=True, slots=True)
class Ratio:
    """The time of the first divided by that of the second, with its interval."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether one of them is slower beyond doubt."""
        return self.low > 1 or self.high < 1

    @property
    def same(self) -> bool:
        """Whether it is one and the same time."""
        return self.low == self.high == 1

    def turned(self) -> Ratio:
        """The time of the second divided by that of the first."""
        return Ratio(1 / self.value, 1 / self.high, 1 / self.low if self.low else math.inf)


def ratio(first: Time, second: Time, num_asked: int = 1) -> Ratio:
    """From the intervals of two medians that were measured apart from each other.

    The distances of the ends from the medians are added as squares, on the logarithmic scale: the method of variance
    estimates recovery, Donner and Zou (2012), Statistical Methods in Medical Research 21, 347-359. Where several are
    asked about together (`num_asked`), each interval is widened as one of a normal distribution would be (Bonferroni).
    """
    if first == second:
        return Ratio(1.0, 1.0, 1.0)
    wider = NormalDist().inv_cdf(1 - ALPHA / num_asked / 2) / NormalDist().inv_cdf(1 - ALPHA / 2)
    down = math.hypot(_apart(first.low, first.median), _apart(second.median, second.high))
    up = math.hypot(_apart(first.median, first.high), _apart(second.low, second.median))
    value = first.median / second.median
    return Ratio(value, value * math.exp(-wider * down), value * _exp(wider * up))


def _apart(low: float, high: float) -> float:
    """The logarithm of high / low; without bound where the lower end is 0."""
    return math.log(high / low) if low > 0 else math.inf


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
