"""Error against time: a point a model with both intervals, and the front of those that nothing beats in both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from results.pictures.figure import literal, new_figure
from results.tables.columns import UNKNOWN_TIMES, device_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from results.ranking.front import Time
    from results.ranking.summary import Row, Summary

WIDTH, HEIGHT = 8.0, 5.0
MOST_NAMED = 25
FRONT, BEHIND = "tab:red", "tab:gray"


def draw(summary: Summary, device: str) -> Figure | None:
    """Ranked models that were timed on devices of that type ("cpu", "cuda"); None where there is none.

    Named are those of the front, and all where they are few.
    """
    timed = [(row, time) for row in summary.ranked if (time := row.time(device, "infer"))]
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
    axes.set_xlabel(f"{device_label(device)} ms a batch{_batch(summary)}, inference")
    axes.set_ylabel("test top-1 error in %")
    named = "; only the front is named" if len(timed) > MOST_NAMED else ""
    axes.set_title(f"95 % intervals; ◆ front: what no other model beats{named}", fontsize="small", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _point(axes: Axes, row: Row, time: Time, *, named: bool, on_front: bool) -> None:
    error = row.error
    assert error is not None, "every ranked model has an error"
    unknown = time.high > UNKNOWN_TIMES * time.median  # as the table's (?): its interval says nothing
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
    """A line through those of the front that by their figures alone no other is ahead of in both."""
    points = sorted((time.median, row.error.mean) for row, time in front if row.error)
    least = math.inf
    steps = []
    for time, error in points:
        if error < least:
            steps.append((time, error))
            least = error
    if len(steps) > 1:
        axes.plot(*zip(*steps, strict=True), color=FRONT, linewidth=0.8, linestyle=":", label="_front")


def _figures(value: float, _: float) -> str:
    """1, 2 and 5 of each power of ten in plain figures; the other marks have none."""
    first = f"{value:e}"[0]
    return f"{value:g}" if first in "125" else ""


def _batch(summary: Summary) -> str:
    sizes = {size for row in summary.ranked if (size := row.fact("infer_batch_size"))}
    return f" of {sizes.pop():,}" if len(sizes) == 1 else ""
