"""Errors, differences and ratios in words, as several answers need them."""

from __future__ import annotations

from collections.abc import Sequence

from results.answers.time_ratio import Ratio
from results.ranking.compare import Comparison
from results.ranking.summary import Row
from results.tables.columns import UNKNOWN_TIMES, device_label
from results.tables.number_format import counted, digits, ends, fixed, percent_decimals, with_ends

EXACT_BELOW = 9.995
WHOLE = 1e-6  # a mean of counts that differs by less from a whole number is one
STEPS = {"infer": "inference", "train": "training"}


def error(row: Row) -> str:
    """`4.2 (3.1–5.5)`, in percent; without an interval where there is none."""
    found = row.error
    return with_ends(found.mean, found.low, found.high) if found else digits(row.mean("top1_err"))


def signed(difference: float, low: float, high: float) -> str:
    """`−3.3 (−4.5 to −2.1)`."""
    return f"{fixed(difference, percent_decimals((high - low) / 2), '+')} ({ends(low, high)})"


def verdict(found: Comparison, one: str, other: str) -> str:
    """Which of two is better, as far as the test tells."""
    if found.significant:
        return f"{one if found.difference < 0 else other} is better"
    return "tied, within 1 pp" if found.small else "not told apart"


def same_images(found: Comparison, one: str, other: str, num_seeds: Sequence[int]) -> str:
    """On how many images the two agree, and on how many they do not; `num_seeds` are those of each."""
    counts = {
        "both right": found.both_right,
        f"only {one}": found.only_first,
        f"only {other}": found.only_second,
        "both wrong": found.both_wrong,
    }
    seeds = list(dict.fromkeys(num_seeds))
    mean = "" if seeds == [1] else f" (means over {' and '.join(counted(count, 'seed') for count in seeds)})"
    places = 0 if all(abs(count - round(count)) < WHOLE for count in counts.values()) else 1
    return f"same images{mean}: {' · '.join(f'{what} {count:,.{places}f}' for what, count in counts.items())}"


def ranged(found: Ratio) -> str:
    """`1.37× (1.36–1.39)`; `2.94× (?)` where the interval reaches so far that it says nothing."""
    if found.high > UNKNOWN_TIMES * found.value:
        return f"{_times(found.value)}× (?)"
    return f"{_times(found.value)}× ({_times(found.low)}–{_times(found.high)})"


def _times(value: float) -> str:
    """Two digits behind the point, and of a large ratio three in all."""
    return f"{value:.2f}" if value < EXACT_BELOW else digits(value)


def slower(found: Ratio) -> str:
    """`1.37× (1.36–1.39) slower`; faster where it is."""
    return f"{ranged(found)} slower" if found.value >= 1 else f"{ranged(found.turned())} faster"


def label(timed: str) -> str:
    """`CPU inference` for `cpu_infer_step_time`."""
    device, _, rest = timed.partition("_")
    step = rest.partition("_")[0]
    return f"{device_label(device)} {STEPS.get(step, step)}"
