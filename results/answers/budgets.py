"""Budgets of time worth asking about: below, at and above each time at which the answer may change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from results.ranking.front import Time
from results.ranking.summary import Summary

DIGITS = 3
# Between two measured times a person asks about round numbers.
ROUND = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
# What all answers of a run may cost together: to ask once takes time in proportion to its models.
MOST_ASKED, MOST_BUDGETS, FEWEST_BUDGETS = 30_000, 200, 20


def budgets(summary: Summary, device: str) -> list[float]:
    """Limits in ms a batch, of three digits at most, in order; none where nothing was timed on `device`.

    One below all times; each time and the ends of its interval, rounded up; round numbers between. Where a run has
    too many models to ask about all of them, those at which another model becomes the best that fits come first.
    """
    timed = [(time, place) for place, row in enumerate(summary.ranked) if (time := row.time(device, "infer"))]
    times = [time for time, _ in timed]
    if not times:
        return []
    turns = {_below(min(time.median for time in times)), *(_up(median) for median in _turns(timed))}
    ends = {_up(value) for time in times for value in (time.median, time.low, time.high) if _is_usable(value)}
    most = min(MOST_BUDGETS, max(FEWEST_BUDGETS, MOST_ASKED // len(summary.ranked)))
    return _first_of(most, sorted(turns), sorted((ends | set(_round_between(turns | ends))) - turns))


def _turns(timed: Iterable[tuple[Time, int]]) -> list[float]:
    """The medians at which the best of those that fit becomes another one."""
    turns, best = [], math.inf
    for median, place in sorted((time.median, place) for time, place in timed):
        if place < best:
            turns.append(median)
            best = place
    return turns


def _first_of(most: int, first: Sequence[float], others: Sequence[float]) -> list[float]:
    kept = _thinned(first, most)
    return sorted({*kept, *_thinned(others, most - len(kept))})


def _thinned(values: Sequence[float], most: int) -> list[float]:
    """At most so many of `values`, evenly spread, the first and the last among them."""
    if len(values) <= most:
        return list(values)
    if most < 2:
        return list(values[:most])
    return [values[round(at * (len(values) - 1) / (most - 1))] for at in range(most)]


def _is_usable(value: float) -> bool:
    return 0 < value < math.inf


def _round_between(values: Iterable[float]) -> list[float]:
    low, high = min(values), max(values)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [value for power in powers for step in ROUND if low < (value := float(f"{step:g}e{power}")) < high]


def _up(value: float) -> float:
    """The least number of three digits that is no less."""
    rounded = float(f"{value:.{DIGITS - 1}e}")
    return rounded if rounded >= value else _step(rounded, 1)


def _below(value: float) -> float:
    """The largest number of three digits that is less."""
    rounded = float(f"{value:.{DIGITS - 1}e}")
    return rounded if rounded < value else _step(rounded, -1)


def _step(value: float, by: int) -> float:
    mantissa, _, exponent = f"{value:.{DIGITS - 1}e}".partition("e")
    whole = round(float(mantissa) * 10 ** (DIGITS - 1))
    if whole + by < 10 ** (DIGITS - 1):  # 1.00 less one is 0.999, not 0.99
        whole, exponent = whole * 10, str(int(exponent) - 1)
    return float(f"{whole + by}e{int(exponent) - DIGITS + 1}")
