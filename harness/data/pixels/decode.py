"""One image file into uint8 pixels, with nothing lost in silence.

Turned as its EXIF orientation says; transparency laid on white; 16 bits scaled to 8; CMYK and palettes converted.
Then it is resized and cropped.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from harness.data.files.regular import open_regular
from harness.data.formats.eight_bits import in_mode, upright
from harness.data.formats.picture import read_picture, too_large
from harness.data.pixels.crop import resized_and_cropped

if TYPE_CHECKING:
    from pathlib import Path

    from harness.data.formats.eight_bits import Pixels
    from harness.data.pixels.geometry import Geometry


def decode(path: Path, geometry: Geometry) -> Pixels:
    """The file's pixels [C, S, S]. Raises OSError, or whatever Pillow raises for what it cannot read."""
    with open_regular(path) as file:
        return read_picture(file, partial(_pixels_within_limits, geometry=geometry))[0]


def reduced(path: Path, most: int, white_level: int) -> Pixels:
    """The picture upright and in colour, [H, W, 3], its sides reduced alike to `most` pixels. Raises as `decode`."""

    def use(image: Image.Image) -> Pixels:
        _require_within_limits(image)
        flat = in_mode(upright(image, white_level), "RGB")
        flat.thumbnail((most, most))
        return np.asarray(flat, dtype=np.uint8)

    with open_regular(path) as file:
        return read_picture(file, use)[0]


def pixels_of(image: Image.Image, geometry: Geometry) -> Pixels:
    """The pixels [C, S, S] of an opened image, which is turned upright."""
    flat = in_mode(upright(image, geometry.white_level), "L" if geometry.stored_channels == 1 else "RGB")
    pixels: Pixels = np.asarray(resized_and_cropped(flat, geometry), dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _pixels_within_limits(image: Image.Image, geometry: Geometry) -> Pixels:
    _require_within_limits(image)
    return pixels_of(image, geometry)


def _require_within_limits(image: Image.Image) -> None:
    """A run has asked this of every file before it decodes any; nobody has of a new one."""
    if problem := too_large(image):
        raise ValueError(problem)
