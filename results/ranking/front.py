"""The models that no other one beats in error and time, as far as the measurements can tell them apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Time:
    """The median time of a batch in ms with its 95 % interval; the least time, and the width of the middle half.

    `drift` says how far rounds, taken at different times, differ where they do.
    """

    median: float
    low: float
    high: float
    min: float = 0.0
    iqr: float = 0.0
    drift: str = ""


def front(errors: Mapping[str, float], times: Mapping[str, Time], better: Callable[[str, str], bool]) -> frozenset[str]:
    """Names that keep their place. `better(a, b)` says whether a has the lower error beyond doubt.

    A model loses it only to one that is ahead beyond doubt in error or in time, and not behind beyond doubt in the
    other: in time, that is where the intervals do not overlap. So noise alone takes no equal off the front. What has
    no error or no time is not on it.
    """
    names = [name for name in errors if name in times]
    kept = {name for name in names if not any(_beats(other, name, times, better) for other in names)}
    # "Not told apart" is not transitive: three models can each lose to the next. Then the figures alone decide.
    return frozenset(kept or {name for name in names if not any(_below(o, name, errors, times) for o in names)})


def _beats(one: str, other: str, times: Mapping[str, Time], better: Callable[[str, str], bool]) -> bool:
    faster, slower = times[one].high < times[other].low, times[other].high < times[one].low
    return (faster and not better(other, one)) or (not slower and better(one, other))


def _below(one: str, other: str, errors: Mapping[str, float], times: Mapping[str, Time]) -> bool:
    first, second = (errors[one], times[one].median), (errors[other], times[other].median)
    return first != second and first[0] <= second[0] and first[1] <= second[1]
