"""A figure to draw in, and the file that it becomes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from results.errors import StoreError
from results.sanitize import plain
from results.store.atomic import write_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USAGE, ENVIRONMENT = 2, 3
FORMATS = (".png", ".svg")
DPI = 150


def require_drawing(path: Path | None = None) -> None:
    """Raise StoreError where pictures cannot be drawn here, or `path` is no file for one: before hours of work."""
    from importlib.util import find_spec

    if path is not None and path.suffix.lower() not in FORMATS:
        raise StoreError(f"{plain(str(path))} is no name of a picture", f"end it with {' or '.join(FORMATS)}", USAGE)
    if find_spec("matplotlib") is None:
        raise StoreError("drawing needs matplotlib", "install it: pip install 'zoo-harness[plots]'", ENVIRONMENT)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches that arranges what is drawn in it. Raises StoreError without matplotlib."""
    require_drawing()
    from matplotlib.figure import Figure

    # Not pyplot: that keeps every figure, and asks for a screen.
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, path: Path) -> Path:
    """Write it as .png or .svg, whole or not at all. Raises StoreError where it cannot be written."""
    require_drawing(path)
    drawn = io.BytesIO()
    figure.savefig(drawn, format=path.suffix.lower().removeprefix("."), dpi=DPI)
    write_atomic(path, drawn.getvalue())
    return path


def literal(text: str) -> str:
    """Text from outside as matplotlib shows it as it is: a dollar sign would begin a formula."""
    return plain(text).replace("$", r"\$")
