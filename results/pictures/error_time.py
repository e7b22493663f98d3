"""Error against time: a point a model with both intervals, and the front of those that nothing beats in both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from results.pictures.figure import literal, new_figure
from results.tables.columns import device_label, is_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from results.ranking.front import Time
    from results.ranking.summary import Row, Summary

WIDTH, HEIGHT = 8.0, 5.0
MOST_NAMED = 25
FRONT, BEHIND = "tab:red", "tab:gray"
ERROR_LABEL = "test top-1 error in %"


def draw(summary: Summary, device: str) -> Figure | None:
    """Ranked models that were timed on devices of that type ("cpu", "cuda"); None where there is none.

    Named are those of the front, and all where they are few.
    """
    timed = timed_on(summary, device)
    if not timed:
        return None
    figure = new_figure(WIDTH, HEIGHT, layout="constrained")
    axes = figure.subplots()
    for row, time in timed:
        _point(axes, row, time, named=len(timed) <= MOST_NAMED or device in row.fronts, on_front=device in row.fronts)
    _front(axes, [(row, time) for row, time in timed if device in row.fronts])
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(_figures)
    axes.xaxis.set_minor_formatter(_figures)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(time_label(summary, device))
    axes.set_ylabel(ERROR_LABEL)
    named = "; only the front is named" if len(timed) > MOST_NAMED else ""
    axes.set_title(f"95 % intervals; ◆ front: what no other model beats{named}", fontsize="small", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def timed_on(summary: Summary, device: str) -> list[tuple[Row, Time]]:
    """The ranked models that were timed on devices of that type, best first, with the time of a batch."""
    return [(row, time) for row in summary.ranked if (time := row.time(device, "infer"))]


def time_label(summary: Summary, device: str) -> str:
    """`CPU ms a batch of 32, inference`; without the size of a batch where there are several."""
    sizes = {size for row in summary.ranked if (size := row.fact("infer_batch_size"))}
    batch = f" of {sizes.pop():,}" if len(sizes) == 1 else ""
    return f"{device_label(device)} ms a batch{batch}, inference"


def front_line(front: Sequence[tuple[Row, Time]]) -> list[tuple[float, float]]:
    """Times and errors of those of the front that by their figures alone no other is ahead of in both."""
    least, steps = math.inf, []
    for time, error in sorted((time.median, row.error.mean) for row, time in front if row.error):
        if error < least:
            steps.append((time, error))
            least = error
    return steps


def _point(axes: Axes, row: Row, time: Time, *, named: bool, on_front: bool) -> None:
    error = row.error
    assert error is not None, "every ranked model has an error"
    unknown = is_unknown(time)
    axes.errorbar(
        time.median,
        error.mean,
        xerr=None if unknown else _reach(time.median, time.low, time.high),
        yerr=_reach(error.mean, error.low, error.high),
        fmt="D" if on_front else "o",
        color=FRONT if on_front else BEHIND,
        markersize=5,
        linewidth=0.8,
        label=f"_{row.model}",
    )
    if named:
        text, place = f"{literal(row.model)}{' (?)' if unknown else ''}", (time.median, error.mean)
        axes.annotate(text, place, xytext=(5, 4), textcoords="offset points", fontsize="x-small")


def _reach(middle: float, low: float, high: float) -> list[list[float]]:
    """How far an interval goes below and above."""
    return [[max(0.0, middle - low)], [max(0.0, high - middle)]]


def _front(axes: Axes, front: Sequence[tuple[Row, Time]]) -> None:
    steps = front_line(front)
    if len(steps) > 1:
        axes.plot(*zip(*steps, strict=True), color=FRONT, linewidth=0.8, linestyle=":", label="_front")


def _figures(value: float, _: float) -> str:
    """1, 2 and 5 of each power of ten in plain figures; the other marks have none."""
    first = f"{value:e}"[0]
    return f"{value:g}" if first in "125" else ""
