# ruff: noqa: TID253
"""One image file into uint8 pixels, with nothing lost in silence.

Turned as its EXIF orientation says; transparency laid on white; 16 bits scaled to 8; CMYK and palettes converted.
Then the short side is resized and the centre cropped, pixel for pixel what torchvision's Resize and CenterCrop
do to a PIL image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from harness.data.inspection import open_regular

if TYPE_CHECKING:
    from pathlib import Path

    from harness.data.geometry import Geometry

    Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
TRANSPARENT = {"LA", "La", "PA", "RGBA", "RGBa"}
WIDE = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}


def decode(path: Path, geometry: Geometry) -> Pixels:
    """The file's pixels [C, S, S]. Raises OSError, or whatever Pillow raises for what it cannot read."""
    with open_regular(path) as opened, Image.open(opened) as file:
        flat = in_mode(upright(file), "L" if geometry.stored_channels == 1 else "RGB")
        small = crop_centre(resize_short_side(flat, geometry), geometry.size)
        pixels: Pixels = np.asarray(small, dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def upright(image: Image.Image) -> Image.Image:
    """The picture as it is meant to be seen, in a mode of 8 bits a channel and without transparency."""
    ImageOps.exif_transpose(image, in_place=True)
    return to_eight_bits(image)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image in `mode`; itself where it is, since Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)


def to_eight_bits(image: Image.Image) -> Image.Image:
    """The same picture in a mode of 8 bits a channel and without transparency."""
    if image.mode in WIDE:
        return Image.fromarray(_scaled(np.asarray(image)))
    if image.mode in TRANSPARENT or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image


def _scaled(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Pixels:
    """16-bit integers and floats in 0..1 as 0..255. Pillow itself would clip them, and call a grey image white."""
    numbers = values.astype(np.float64)
    top = 1.0 if values.dtype.kind == "f" else 65535.0
    if not (np.min(numbers) >= 0 and np.max(numbers) <= top):  # also true of NaN
        raise ValueError(f"pixel values outside 0..{top:g}")
    return np.rint(numbers * (255 / top)).astype(np.uint8)


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
    left, top = crop_offset(image.width, size), crop_offset(image.height, size)
    return image if image.size == (size, size) else image.crop((left, top, left + size, top + size))


def crop_offset(side: int, size: int) -> int:
    """Where a centred crop begins; Python's rounding of halves to even, as torchvision does."""
    return round((side - size) / 2.0)
