"""Learning curves on a terminal: drawn in text, and what they say in words; the same as plain data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from results.answers.curves import Curve, Learning, LearningCurves
from results.sanitize import name
from results.tables.number_format import counted, digits
from results.tables.text import listed

MOST_DRAWN, HEIGHT, MOST_TICKS = 4, 11, 10
NARROW, WIDE = 40, 100


def lines(found: LearningCurves, width: int, fits: Callable[[str], bool]) -> list[str]:
    """For each model a line of words; for the first few a drawing before it, `width` columns wide at most.

    Without drawings where the terminal is too narrow, or `fits` says that it cannot show their signs.
    """
    said: list[str] = []
    drawable = 0
    for learning in found.models:
        drawn = drawing(learning, width) if drawable < MOST_DRAWN and width >= NARROW else []
        if drawn and all(map(fits, drawn)):
            drawable += 1
            said += [*drawn, f"{name(learning.model)}: {words(learning)}", ""]
        else:
            said.append(f"{name(learning.model)}: {words(learning)}")
    if not drawable:
        said.append(
            "not drawn: this terminal is too narrow for that, or lacks the signs; --plot FILE.png draws a picture"
        )
    elif drawable < len(found.models):
        said.append(
            f"drawn: the first {drawable:,} of {counted(len(found.models), 'model')}; name those you want to see"
        )
    return said if said[-1] else said[:-1]


def words(learning: Learning) -> str:
    """`3 seeds, weights of epochs 5, 6 and 5 of 10; validation loss rose from epoch 6 on …`."""
    curves = learning.curves
    kept = listed([str(curve.kept) if curve.kept else "none" for curve in curves], 3)
    epochs = max(curve.num_epochs for curve in curves)
    begun = (
        f"{counted(len(curves), learning.kind)}, weights of epoch{'s' if len(curves) > 1 else ''} {kept} of {epochs}"
    )
    return "; ".join([begun, _errors(curves), verdict(learning)])


def verdict(learning: Learning) -> str:
    """What the losses say: that it diverged, over-fitted, might gain by more epochs, or none of it."""
    some = (
        f" with {learning.num_diverged} of {counted(len(learning.curves), learning.kind)}"
        if len(learning.curves) > 1
        else ""
    )
    if learning.num_diverged:
        return f"the loss was not finite{some}"
    if learning.over_fits:
        rise = f"by {100 * learning.rise:.0f} %"
        return (
            f"validation loss rose from epoch {learning.rises_from} on ({rise}) while training loss fell: it over-fits"
        )
    if learning.still_falls:
        return "validation loss was still falling as the epochs ended: more --epochs may help"
    return "validation loss did not rise steadily: no over-fitting seen"


def _errors(curves: Sequence[Curve]) -> str:
    kept = [curve.val_err[curve.kept - 1] for curve in curves if curve.kept]
    if not kept:
        return "no epoch was kept"
    shown = digits(kept[0]) if len(kept) == 1 else f"{digits(min(kept))} to {digits(max(kept))}"
    return f"validation error there {shown} %"


def drawing(learning: Learning, width: int) -> list[str]:
    """The losses of all seeds by epoch, `o` at the weights that were kept. Empty where nothing is finite."""
    import plotext

    curves = [curve for curve in learning.curves if not curve.diverged]
    if not curves:
        return []
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(min(width, WIDE), HEIGHT)
    plotext.title(f"{name(learning.model)}: loss by epoch (validation as a line, training as dots, o: kept)")
    for curve in curves:
        epochs = list(range(1, curve.num_epochs + 1))
        plotext.plot(epochs, list(curve.val_loss), marker="braille")
        plotext.plot(epochs, list(curve.train_loss), marker=".")
    for curve in curves:
        if curve.kept:
            plotext.scatter([curve.kept], [curve.val_loss[curve.kept - 1]], marker="o")
    num_epochs = max(curve.num_epochs for curve in curves)
    plotext.xticks(list(range(1, num_epochs + 1, math.ceil(num_epochs / MOST_TICKS))))
    drawn: str = plotext.uncolorize(plotext.build())
    plotext.clear_figure()
    return [line.rstrip() for line in drawn.splitlines()]


def data(found: LearningCurves) -> dict[str, Any]:
    """The same as plain data: losses, errors in percent, epochs counted from 1; what is not finite is null."""
    return {"run": found.run, "models": [_data(learning) for learning in found.models]}


def _data(learning: Learning) -> dict[str, Any]:
    return {
        "model": learning.model,
        "over_fits": learning.over_fits,
        "rises_from": learning.rises_from or None,
        "still_falls": learning.still_falls,
        "verdict": verdict(learning),
        "seeds": [_finite(asdict(curve)) for curve in learning.curves],
    }


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {
        what: [one if math.isfinite(one) else None for one in value] if isinstance(value, tuple) else value
        for what, value in values.items()
    }
