"""Step times of one model: the raw samples of all its seeds together, and statistics that suit a long tail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from statistics import median

from results.records import Measurement, Record


def pooled(records: Iterable[Record], name: str) -> Measurement | None:
    """The samples of all `records` as one measurement; None where none of them has it."""
    measurements = [measured for record in records if (measured := record.measured(name)) and measured.values]
    if not measurements:
        return None
    values = tuple(value for measured in measurements for value in measured.values)
    return Measurement(name=name, unit=measurements[0].unit, values=values)


def mean_of(records: Iterable[Record], name: str) -> float | None:
    """The mean over seeds of what each trial measured; None where none of them did."""
    medians = [measured.median for record in records if (measured := record.measured(name)) and measured.values]
    return sum(medians) / len(medians) if medians else None


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """A 95 % interval of the median: two order statistics whose ranks follow from Binomial(n, 1/2).

    Below six values no pair of them covers 95 %; then it is their whole range (five values: 93.75 %).
    """
    ordered = sorted(values)
    rank = lower_rank(len(ordered))
    return ordered[rank - 1], ordered[-rank]


def median_reach(values: Sequence[float]) -> float:
    """How far the median's 95 % interval reaches from it, on its longer side."""
    return reach(median(values), *median_interval(values))


def reach(middle: float, low: float, high: float) -> float:
    """The longer side of an interval: at 0 % error the shorter one is nothing and would promise too much."""
    return max(high - middle, middle - low)


@cache
def lower_rank(n: int) -> int:
    """The largest rank k such that the k-th smallest and the k-th largest of n enclose the median in 95 % of cases."""
    ways, fewer, rank = 1, 0, 0  # ways to have exactly `rank` of n values below the median, and fewer than that
    while 40 * (fewer + ways) <= 2**n:
        fewer += ways
        ways = ways * (n - rank) // (rank + 1)
        rank += 1
    return max(rank, 1)
