"""A figure to draw on, and the file that it becomes: whole, or not at all."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from results.errors import StoreError
from results.store.atomic import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USAGE, ENVIRONMENT = 2, 3
ENDINGS = (".png", ".svg")
DOTS_PER_INCH = 150


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that size in inches, which no window shows. Raises StoreError without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise StoreError("drawing needs matplotlib", "pip install 'zoo-harness[plots]'", ENVIRONMENT) from error
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write the figure as its file's ending says. Raises StoreError for another ending, and for a full disk."""
    if path.suffix.lower() not in ENDINGS:
        raise StoreError(f"{path} is no picture that can be drawn", f"let it end in {' or '.join(ENDINGS)}", USAGE)
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
        raise StoreError(f"{path} cannot be written: {error.strerror}", "choose another place for it") from error
