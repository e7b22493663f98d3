"""Learning curves: a row a model, losses on the left and validation error on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from results.pictures.figure import literal, new_figure
from results.tables.answers.curves import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from results.answers.curves import Curve, Learning, LearningCurves

MOST_MODELS = 12
WIDTH, HEIGHT_PER_MODEL = 9.0, 2.6
VALIDATION, TRAINING = "tab:blue", "tab:orange"


def draw(found: LearningCurves) -> Figure:
    """The first twelve models; the title of each says what its curves say."""
    shown = found.models[:MOST_MODELS]
    figure = new_figure(WIDTH, HEIGHT_PER_MODEL * len(shown) + 0.4, layout="constrained")
    grid = figure.subplots(len(shown), 2, squeeze=False)
    for (losses, errors), learning in zip(grid, shown, strict=True):
        _losses(losses, learning)
        _errors(errors, learning)
    hidden = len(found.models) - len(shown)
    figure.suptitle(
        f"{literal(found.run)}{f': the first {len(shown)} of {len(found.models)} models' if hidden else ''}"
    )
    return figure


def _losses(axes: Axes, learning: Learning) -> None:
    axes.set_title(f"{literal(learning.model)}: {verdict(learning)}", fontsize="small", loc="left", wrap=True)
    for number, curve in enumerate(learning.curves):
        label = number == 0
        _line(axes, curve, curve.val_loss, VALIDATION, "validation loss" if label else "")
        _line(axes, curve, curve.train_loss, TRAINING, "training loss" if label else "", dashed=True)
    _kept(axes, learning.curves, [curve.val_loss for curve in learning.curves])
    axes.set_ylabel("loss")
    axes.set_ylim(bottom=0)
    _finish(axes)


def _errors(axes: Axes, learning: Learning) -> None:
    for number, curve in enumerate(learning.curves):
        _line(axes, curve, curve.val_err, VALIDATION, "validation error" if number == 0 else "")
    _kept(axes, learning.curves, [curve.val_err for curve in learning.curves])
    axes.set_ylabel("error in %")
    axes.set_ylim(bottom=0)
    _finish(axes)


def _line(axes: Axes, curve: Curve, values: Sequence[float], colour: str, label: str, *, dashed: bool = False) -> None:
    epochs = range(1, len(values) + 1)
    style = "--" if dashed else "-"
    # A single epoch is no line: a dot shows it.
    marker = "." if len(values) == 1 else ""
    axes.plot(epochs, values, style, color=colour, linewidth=0.9, marker=marker, label=label or f"_{curve.seed}")


def _kept(axes: Axes, curves: Sequence[Curve], values: Sequence[Sequence[float]]) -> None:
    points = [(curve.kept, own[curve.kept - 1]) for curve, own in zip(curves, values, strict=True) if curve.kept]
    if points:
        axes.plot(*zip(*points, strict=True), "o", color=VALIDATION, markersize=4, label="weights kept")


def _finish(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize="x-small", frameon=False)
