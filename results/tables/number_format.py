"""Numbers for the eye: as many digits as their uncertainty allows, and never an exponent."""

from __future__ import annotations

import math

from results.ranking.step_times import reach

LONG_SECONDS = 10.0
MOST_DECIMALS = 6


def digits(value: float | None, significant: int = 3) -> str:
    """`value` with that many significant digits; blank for what is unknown."""
    return "" if value is None else f"{value:.{decimals(value, significant)}f}"


def decimals(value: float, significant: int) -> int:
    """How many decimals show that many significant digits."""
    if value == 0 or not math.isfinite(value):
        return 0
    # Rounded first: 9.996 is 10.0 in three digits, not 10.00.
    exponent = int(f"{value:.{significant - 1}e}".partition("e")[2])
    return min(max(0, significant - 1 - exponent), MOST_DECIMALS)


def percent_decimals(half: float) -> int:
    """Two digits of the uncertainty are worth showing, and the value to the same place."""
    return min(decimals(half, 2), 3) if half else 1


def with_ends(middle: float, low: float, high: float, *, sign: str = "") -> str:
    """`4.2 (3.1–5.5)`, or with "+" for `sign` `+2.2 (1.1–3.3)`: the ends need not be equally far from the middle."""
    places = percent_decimals(reach(middle, low, high))
    return f"{fixed(middle, places, sign)} ({fixed(low, places)}–{fixed(high, places)})"


def ends(low: float, high: float) -> str:
    """`−0.9 to +2.1`, for an interval that may lie on both sides of 0: a dash between them would read as a sign."""
    places = percent_decimals((high - low) / 2)
    return f"{fixed(low, places, '+')} to {fixed(high, places, '+')}"


def fixed(value: float, places: int, sign: str = "") -> str:
    """`value` with that many decimals; what rounds to 0 has no sign, and a minus is none that joins two numbers."""
    text = f"{value:{sign}.{places}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("+-")


def p_value(p: float) -> str:
    """`p = 0.0011`; below one in ten thousand only that."""
    return "p < 0.0001" if p < 0.0001 else f"p = {digits(p, 2)}"


def duration(seconds: float | None) -> str:
    """`6m 02s`, `1h 25m`, and tenths where the whole is short; blank for what is unknown."""
    if seconds is None:
        return ""
    if seconds < LONG_SECONDS:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"


def rounded_count(count: int) -> str:
    """A count of which only two digits are meant: 3,100."""
    unit = 10 ** max(0, len(str(count)) - 2)
    return f"{round(count / unit) * unit:,}"


def counted(count: int, thing: str) -> str:
    """`1 seed`, `3 seeds`, `1,051 images`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def shown_bytes(num_bytes: float) -> str:
    """`512 B`, `1.4 MiB`, `32 GiB`."""
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while num_bytes >= 1024 and len(units) > 1:
        num_bytes /= 1024
        del units[0]
    return f"{num_bytes:.{0 if num_bytes >= 10 or units[0] == 'B' else 1}f} {units[0]}"
