"""Images beside what they are taken for: one a row, its most probable classes as bars on the right."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results.answers.predicted import RankedClass
from results.pictures.figure import new_figure
from results.sanitize import name, visible
from results.tables.answers.predictions import percent
from results.tables.text import clipped

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

# In inches: the side of an image, the height of a bar with its gap, the gaps of rows, the height of a title.
IMAGE, BAR, GAP, TITLE = 2.4, 0.24, 0.25, 0.3
BARS, FIGURES = 3.2, 0.75  # how long a bar of 100 % is, and the room for figures behind it
PAD = 0.08  # between a name and its bar
# Together below the 65,535 pixels that a picture may be high.
MOST_ROWS, MOST_BARS = 16, 100
MOST_LETTERS = 32
SMALL = 100  # pixels: an image of fewer shows them as squares
FONT_SIZE = 9
BEST, OTHER, TRACK = "#1f6fb2", "#a9c4dc", "#eef2f6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One image: its file, its pixels [H, W, 3], and its classes, best first."""

    path: Path
    pixels: Pixels
    ranked: Sequence[RankedClass]


def class_bars(rows: Sequence[Drawn]) -> Figure:
    """A figure of all rows, each as high as its image or its bars need. Raises StoreError without matplotlib.

    There may be `MOST_ROWS` of them; of more than `MOST_BARS` classes the best are drawn.
    """
    rows = [replace(row, ranked=row.ranked[:MOST_BARS]) for row in rows]
    labels = [[clipped(name(one.name), MOST_LETTERS) for one in row.ranked] for row in rows]
    figure = new_figure(1, 1)
    left = GAP + IMAGE + GAP + max(_width(figure, label) for own in labels for label in own) + PAD
    sizes = [(_image_height(row.pixels), BAR * len(row.ranked)) for row in rows]
    whole = (left + BARS + FIGURES, sum(map(max, sizes)) + (TITLE + GAP) * len(rows))
    figure.set_size_inches(whole)
    top = whole[1]
    for row, own, (image_height, bars_height) in zip(rows, labels, sizes, strict=True):
        top -= TITLE
        low = top - image_height
        # Beside the middle of the image; more bars than it is high begin where it begins.
        middle = max(image_height - bars_height, 0) / 2
        _image(_axes(figure, whole, (GAP, low, IMAGE, image_height)), row.pixels, _title(figure, row.path))
        _bars(_axes(figure, whole, (left, top - middle - bars_height, BARS, bars_height)), row.ranked, own)
        top -= max(image_height, bars_height) + GAP
    return figure


def _image_height(pixels: Pixels) -> float:
    """In inches: that of a wide image is less, so that no row has more room than it fills."""
    high, wide = pixels.shape[:2]
    return min(IMAGE, IMAGE * high / wide)


def _axes(figure: Figure, whole: tuple[float, float], inches: tuple[float, float, float, float]) -> Axes:
    """Bare axes at a place: left, bottom, width and height."""
    left, bottom, wide, high = inches
    axes: Any = figure.add_axes((left / whole[0], bottom / whole[1], wide / whole[0], high / whole[1]))
    axes.tick_params(length=0, labelsize=FONT_SIZE)
    axes.set(xticks=[])
    for side in axes.spines.values():
        side.set_visible(False)
    return axes  # type: ignore[no-any-return]


def _image(axes: Axes, pixels: Pixels, title: str) -> None:
    axes.imshow(pixels, interpolation="nearest" if max(pixels.shape) < SMALL else "antialiased")
    axes.set_yticks([])
    axes.set_title(title, fontsize=FONT_SIZE, parse_math=False)


def _bars(axes: Axes, ranked: Sequence[RankedClass], labels: Sequence[str]) -> None:
    places = range(len(ranked))
    axes.barh(places, [1] * len(ranked), height=0.72, color=TRACK)
    axes.barh(places, [one.probability for one in ranked], height=0.72, color=[BEST, *[OTHER] * (len(ranked) - 1)])
    axes.set(xlim=(0, 1), ylim=(len(ranked) - 0.5, -0.5))
    axes.set_yticks(places, labels, parse_math=False)
    for place, one in zip(places, ranked, strict=True):
        axes.text(1.02, place, percent(one.probability), va="center_baseline", fontsize=FONT_SIZE)


def _title(figure: Figure, path: Path) -> str:
    """The end of a path, as much as an image is wide, which tells files of several folders apart."""
    text = visible("/".join(path.parts[-2:]))
    cut = text[-MOST_LETTERS:]
    while len(cut) > 1 and _width(figure, f"…{cut}") > IMAGE:
        cut = cut[1:]
    return text if cut == text else f"…{cut}"


def _width(figure: Figure, text: str) -> float:
    """In inches, as these letters are drawn: an m is three times as wide as an i."""
    drawn = figure.text(0, 0, text, fontsize=FONT_SIZE, parse_math=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)  # a box is as wide
        pixels: float = drawn.get_window_extent().width
    drawn.remove()
    return pixels / figure.dpi
