"""The confusion matrix of one model: of each class, which share of its images was taken for which."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from results.pictures.figure import literal, new_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from results.ranking.summary import Row

MOST_CLASSES = 30
MOST_WRITTEN = 15  # classes, above which the cells are too small for figures
INCH_PER_CLASS, SMALLEST, MARGIN = 0.34, 3.0, 2.2
DARK = 0.5  # share above which black figures are not read


def draw(row: Row) -> Figure | None:
    """Of all seeds together, in percent of each class's images; None where records have no counts.

    With many classes those that are mistaken most often are drawn.
    """
    import numpy as np

    classes = next((record.data.get("classes", ()) for record in row.measured), ())
    counts = _counts(row)
    if not classes or not counts:
        return None
    shown = _most_mistaken(counts, len(classes))
    place = {index: at for at, index in enumerate(shown)}
    totals: Counter[int] = Counter()
    for (true, _), number in counts.items():
        totals[true] += number
    shares = np.zeros((len(shown), len(shown)))
    for (true, predicted), number in counts.items():
        if true in place and predicted in place:
            shares[place[true], place[predicted]] = number / totals[true]
    side = max(SMALLEST, INCH_PER_CLASS * len(shown)) + MARGIN
    figure = new_figure(side, side, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [literal(str(classes[index])) for index in shown]
    axes.set_xticks(range(len(shown)), names, rotation=90, fontsize="x-small")
    axes.set_yticks(range(len(shown)), names, fontsize="x-small")
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    part = f", the {len(shown)} of {len(classes):,} classes mistaken most often" if len(shown) < len(classes) else ""
    axes.set_title(f"{literal(row.model)}: % of a class's test images{part}", fontsize="small", wrap=True)
    if len(shown) <= MOST_WRITTEN:
        for (y, x), share in np.ndenumerate(shares):
            if share > 0:
                colour = "white" if share > DARK else "black"
                axes.text(x, y, f"{100 * share:.0f}", ha="center", va="center", fontsize="x-small", color=colour)
    return figure


def _counts(row: Row) -> Counter[tuple[int, int]]:
    counts: Counter[tuple[int, int]] = Counter()
    for record in row.measured:
        for true, predicted, number in record.confusion_counts:
            counts[true, predicted] += number
    return counts


def _most_mistaken(counts: Counter[tuple[int, int]], num_classes: int) -> Sequence[int]:
    """The indices of classes to draw, in their order: all where they are few."""
    if num_classes <= MOST_CLASSES:
        return range(num_classes)
    mistaken: Counter[int] = Counter()
    for (true, predicted), number in counts.items():
        if true != predicted:
            mistaken[true] += number
            mistaken[predicted] += number
    mistaken.pop(-1, None)  # which no class is: an output that was not finite
    return sorted(index for index, _ in mistaken.most_common(MOST_CLASSES))
