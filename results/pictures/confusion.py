"""The confusion matrix of one model: of each class, which share of its images was taken for which."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.pictures.figure import literal, new_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.figure import Figure

    from results.ranking.summary import Row

    Array = np.ndarray[Any, Any]

MOST_CLASSES = 30
MOST_WRITTEN = 15  # classes, above which the cells are too small for figures
INCH_PER_CLASS, SMALLEST, MARGIN = 0.34, 3.0, 2.2
DARK = 0.5  # share above which black figures are not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Of the images of the n-th of `classes`, which share was taken for the m-th: `shares` [K, K].

    With many classes they are those that are mistaken most often; `num_classes` is the number of all. `indices` are
    their places among all.
    """

    classes: tuple[str, ...]
    indices: tuple[int, ...]
    num_classes: int
    shares: Array

    @property
    def part(self) -> str:
        """Which classes these are, where they are not all."""
        if len(self.classes) == self.num_classes:
            return ""
        return f"the {len(self.classes)} of {self.num_classes:,} classes mistaken most often"


def confusion(row: Row) -> Confusion | None:
    """Of all seeds together; None where records have no counts."""
    import numpy as np

    names = next((record.data.get("classes", ()) for record in row.measured), ())
    counts = _counts(row)
    if not names or not counts:
        return None
    shown = _most_mistaken(counts, len(names))
    place = {index: at for at, index in enumerate(shown)}
    totals: Counter[int] = Counter()
    for (true, _), number in counts.items():
        totals[true] += number
    shares = np.zeros((len(shown), len(shown)))
    for (true, predicted), number in counts.items():
        if true in place and predicted in place:
            shares[place[true], place[predicted]] = number / totals[true]
    classes = tuple(str(names[index]) for index in shown)
    return Confusion(classes=classes, indices=tuple(shown), num_classes=len(names), shares=shares)


def draw(row: Row) -> Figure | None:
    """In percent of each class's images; None where records have no counts."""
    import numpy as np

    counted = confusion(row)
    if counted is None:
        return None
    shown, shares = counted.classes, counted.shares
    side = max(SMALLEST, INCH_PER_CLASS * len(shown)) + MARGIN
    figure = new_figure(side, side, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [literal(one) for one in shown]
    axes.set_xticks(range(len(shown)), names, rotation=90, fontsize="x-small")
    axes.set_yticks(range(len(shown)), names, fontsize="x-small")
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    part = f", {counted.part}" if counted.part else ""
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
