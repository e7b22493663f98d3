"""Step times of one model: the samples of all its rounds and seeds, how well their median is known, what they betray.

Neighbouring steps are alike: another program, a warm cache or a slower clock holds for many of them. An interval that
takes them for independent promises several times too much. So the median's interval is that of a mean of few numbers:
the medians of rounds, which were taken at different times (batch means: Law and Kelton, Simulation Modeling and
Analysis; Kalibera and Jones, 2013), on the logarithmic scale, where no end can fall below zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING

from results.records import Measurement, Record

if TYPE_CHECKING:
    Samples = Measurement | Sequence[float]

STEP_TIME = "_step_time"  # how the names of their measurements end
CONFIDENCE = 0.95
# Below so many samples in one round blocks of them would hold one each.
LEAST_TO_BLOCK = 8
FEWEST_BLOCKS, MOST_BLOCKS = 4, 8
MOST_WIDE = 1e6  # times the median: of two rounds that differ a thousandfold nothing is known, and no float overflows
MANY = 200  # from here on numpy's median is the faster one
MOST_HALF_WIDTH = 0.05
MOST_DRIFT = 0.05


def pooled(records: Iterable[Record], name: str) -> Measurement | None:
    """The samples of all `records` as one measurement, each record's rounds as rounds; None where none of them has it.

    Seeds are trained at different times, so that two of them are two rounds at least.
    """
    measurements = [measured for record in records if (measured := record.measured(name)) and measured.values]
    return joined(measurements) if measurements else None


def joined(measurements: Sequence[Measurement]) -> Measurement:
    """One measurement of several that were taken one after the other: what each has in rounds, one behind the other."""
    parts = [part for measured in measurements for part in measured.by_round]
    values = tuple(value for part in parts for value in part)
    rounds = tuple(len(part) for part in parts) if len(parts) > 1 else ()
    return Measurement(name=measurements[0].name, unit=measurements[0].unit, values=values, rounds=rounds)


def mean_of(records: Iterable[Record], name: str) -> float | None:
    """The mean over seeds of what each trial measured; None where none of them did."""
    medians = [measured.median for record in records if (measured := record.measured(name)) and measured.values]
    return sum(medians) / len(medians) if medians else None


def median_interval(samples: Samples) -> tuple[float, float]:
    """A 95 % interval of the median: its true ends, which are not symmetric, and none of which is below zero.

    By Student's t over the medians of rounds. Of one round, over the medians of blocks of neighbours, which knows
    nothing of what changes from minute to minute. Of a few samples in one round it is their whole range.
    """
    rounds = samples.by_round if isinstance(samples, Measurement) else (tuple(samples),)
    values = [value for part in rounds for value in part]
    middle, centres = _median(values), _centres(rounds)
    if len(centres) < 2 or min(centres) <= 0:
        return _few(sorted(values))
    logs = [math.log(centre / middle) for centre in centres]
    factor = math.exp(min(t_quantile(len(logs) - 1) * stdev(logs) / math.sqrt(len(logs)), math.log(MOST_WIDE)))
    # Around both: the mean of rounds is what t is about, the median of all samples is what is printed.
    mean = math.exp(fmean(logs))
    return middle * min(1.0, mean) / factor, middle * max(1.0, mean) * factor


def median_reach(samples: Samples) -> float:
    """How far the median's 95 % interval reaches from it, on its longer side."""
    values = samples.values if isinstance(samples, Measurement) else samples
    return reach(median(values), *median_interval(samples))


def half_width(samples: Samples) -> float:
    """How far the median's 95 % interval reaches from it, as a share of it: 0.02 reads ±2 %."""
    middle = median(samples.values if isinstance(samples, Measurement) else samples)
    return median_reach(samples) / middle if middle else 0.0


def unrest(measured: Measurement) -> list[str]:
    """What the times themselves betray, one short line each: rounds that disagree, or else an uncertain median."""
    if differing := drift(measured):
        return [differing]
    doubt = half_width(measured)
    return [f"median known to ±{doubt:.0%} only"] if doubt > MOST_HALF_WIDTH else []


def drift(measured: Measurement) -> str:
    """`rounds differ by 86%`: what rounds taken at different times betray, seeds among them; empty where they agree."""
    medians = [_median(part) for part in measured.by_round]
    if len(medians) < 2 or max(medians) <= (1 + MOST_DRIFT) * min(medians):
        return ""
    return f"rounds differ by {max(medians) / min(medians) - 1:.0%}" if min(medians) > 0 else "rounds differ"


def reach(middle: float, low: float, high: float) -> float:
    """The longer side of an interval: at 0 % error the shorter one is nothing and would promise too much."""
    return max(high - middle, middle - low)


def _centres(rounds: Sequence[Sequence[float]]) -> list[float]:
    """The medians that are averaged: of rounds; of blocks of neighbours where there is one round of enough samples."""
    if len(rounds) > 1:
        return [_median(part) for part in rounds]
    num_values = len(rounds[0])
    if num_values < LEAST_TO_BLOCK:
        return []
    # The more samples, the more blocks: but each ever longer, so that its neighbour has less in common with it.
    num_blocks = min(max(math.isqrt(num_values) // 2, FEWEST_BLOCKS), MOST_BLOCKS)
    edges = [num_values * block // num_blocks for block in range(num_blocks + 1)]
    return [_median(rounds[0][start:end]) for start, end in pairwise(edges)]


def _median(values: Sequence[float]) -> float:
    """As statistics.median, by numpy where there are many: a large run has millions of samples."""
    if len(values) < MANY:
        return median(values)
    import numpy as np

    return float(np.median(values))


def _few(ordered: Sequence[float]) -> tuple[float, float]:
    """The whole range: of six independent values it covers their median in 96.9 % of cases, of five in 93.75 %."""
    return ordered[0], ordered[-1]


@cache
def t_quantile(freedom: int) -> float:
    """Student's t that is exceeded in 5 % of cases, both sides together, for whole degrees of freedom."""
    low, high = 0.0, 1e3
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_within(middle, freedom) < CONFIDENCE else (low, middle)
    return (low + high) / 2


def _t_within(value: float, freedom: int) -> float:
    """P(|t| <= value): a finite series for whole degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4)."""
    angle = math.atan(value / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0
    for step in range((freedom - odd) // 2):
        total += term
        term *= cosine * cosine * (2 * step + 1 + odd) / (2 * step + 2 + odd)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
