"""Step times of one model: the raw samples of all its seeds together, and statistics that suit a long tail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from results.records import Measurement, Record


def pooled(records: Iterable[Record], name: str) -> Measurement | None:
    """The samples of all `records` as one measurement; None where none of them has it."""
    found = [measured for record in records if (measured := record.measured(name)) and measured.values]
    if not found:
        return None
    values = tuple(value for measured in found for value in measured.values)
    return Measurement(name=name, unit=found[0].unit, values=values)


def mean_of(records: Iterable[Record], name: str) -> float | None:
    """The mean over seeds of what each trial measured; None where none of them did."""
    found = [measured.median for record in records if (measured := record.measured(name)) and measured.values]
    return sum(found) / len(found) if found else None


def median_reach(values: Sequence[float]) -> float:
    """How far the median's 95 % interval reaches from it: order statistics whose ranks follow from Binomial(n, 1/2).

    Below six values no pair of them covers 95 %; then it is their whole range.
    """
    ordered, num_values = sorted(values), len(values)
    ways, fewer, rank = 1, 0, 0  # ways to have exactly `rank` values below the median, and fewer than that
    while 40 * (fewer + ways) <= 2**num_values:
        fewer += ways
        ways = ways * (num_values - rank) // (rank + 1)
        rank += 1
    rank = max(rank, 1)
    middle = Measurement(name="", unit="", values=tuple(ordered)).median
    return max(ordered[-rank] - middle, middle - ordered[rank - 1])
