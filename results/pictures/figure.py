"""A figure to draw in, and the file that it becomes: whole, or not at all."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from results.errors import StoreError
from results.sanitize import plain
from results.store.atomic import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USAGE, ENVIRONMENT = 2, 3
ENDINGS = (".png", ".svg")
DOTS_PER_INCH = 150


def new_figure(width: float, height: float, *, layout: Literal["constrained"] | None = None) -> Figure:
    """An empty figure of so many inches, which no window shows; a "constrained" one arranges what is drawn in it.

    Raises StoreError without matplotlib.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise StoreError("drawing needs matplotlib", "pip install matplotlib", ENVIRONMENT) from error
    # Not pyplot: that keeps every figure, and asks for a screen.
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def require_drawing(path: Path | None = None) -> None:
    """Raise StoreError where nothing can be drawn, or not to `path`: before what is to be drawn is worked out."""
    if path is not None:
        _require_ending(path)
        if not path.parent.is_dir():
            raise StoreError(
                f"{plain(str(path))} cannot be written: there is no such folder",
                "choose another place for it, or make its folder",
            )
    new_figure(1, 1)


def save(figure: Figure, path: Path) -> Path:
    """Write the figure as its file's ending says. Raises StoreError for another ending, and for a full disk."""
    _require_ending(path)
    import matplotlib

    drawn = io.BytesIO()
    # The same figure is the same file: no date, and no random names within.
    with matplotlib.rc_context({"svg.hashsalt": "zoo-harness"}), warnings.catch_warnings():
        # A letter that no font here has is drawn as a box, which says enough.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(drawn, format=path.suffix.lower()[1:], dpi=DOTS_PER_INCH, metadata=metadata)
    try:
        with whole_file(path) as file:
            file.write(drawn.getvalue())
    except OSError as error:
        cause = f"{plain(str(path))} cannot be written: {error.strerror}"
        raise StoreError(cause, "choose another place for it") from error
    return path


def literal(text: str) -> str:
    """Text from outside as matplotlib shows it as it is: a dollar sign would begin a formula."""
    return plain(text).replace("$", r"\$")


def _require_ending(path: Path) -> None:
    if path.suffix.lower() not in ENDINGS:
        cause = f"{plain(str(path))} is no picture that can be drawn"
        raise StoreError(cause, f"let it end in {' or '.join(ENDINGS)}", USAGE)
