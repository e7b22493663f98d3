"""One image file into uint8 pixels, with nothing lost in silence.

Turned as its EXIF orientation says; transparency laid on white; 16 bits scaled to 8; CMYK and palettes converted.
Then the short side is resized and the centre cropped, pixel for pixel what torchvision's Resize and CenterCrop
do to a PIL image.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from harness.data.files.regular import open_regular
from harness.data.formats.eight_bits import in_mode, upright
from harness.data.formats.picture import read_picture

if TYPE_CHECKING:
    from pathlib import Path

    from harness.data.formats.eight_bits import Pixels
    from harness.data.pixels.geometry import Geometry

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def decode(path: Path, geometry: Geometry) -> Pixels:
    """The file's pixels [C, S, S]. Raises OSError, or whatever Pillow raises for what it cannot read."""
    with open_regular(path) as file:
        return read_picture(file, partial(pixels_of, geometry=geometry))[0]


def pixels_of(image: Image.Image, geometry: Geometry) -> Pixels:
    """The pixels [C, S, S] of an opened image, which is turned upright."""
    flat = in_mode(upright(image, geometry.white_level), "L" if geometry.stored_channels == 1 else "RGB")
    small = crop_centre(resize_short_side(flat, geometry), geometry.size)
    pixels: Pixels = np.asarray(small, dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def resize_short_side(image: Image.Image, geometry: Geometry) -> Image.Image:
    """Scale so that the short side has `geometry.short_side` pixels."""
    size = resized_sides(image.width, image.height, geometry.short_side)
    return image if size == image.size else image.resize(size, RESAMPLING[geometry.interpolation])


def resized_sides(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Width and height after the short one became `short_side`; the long one is rounded down, as torchvision does."""
    if width <= height:
        return short_side, int(short_side * height / width)
    return int(short_side * width / height), short_side


def crop_centre(image: Image.Image, size: int) -> Image.Image:
    """The `size` x `size` pixels in the middle of an image."""
    left, top = crop_offset(image.width, size), crop_offset(image.height, size)
    return image if image.size == (size, size) else image.crop((left, top, left + size, top + size))


def crop_offset(side: int, size: int) -> int:
    """Where a centred crop begins; Python's rounding of halves to even, as torchvision does."""
    return round((side - size) / 2.0)
