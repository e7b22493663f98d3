"""Any picture in 8 bits a channel, upright and without transparency: nothing clipped or dropped in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

TRANSPARENT = {"LA", "La", "PA", "RGBA", "RGBa"}
WIDE = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}


def upright(image: Image.Image) -> Image.Image:
    """The picture as it is meant to be seen, in a mode of 8 bits a channel and without transparency."""
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in WIDE:
        return Image.fromarray(_scaled(np.asarray(image)))
    if image.mode in TRANSPARENT or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image in `mode`; itself where it is, since Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)


def _scaled(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Pixels:
    """16-bit integers and floats in 0..1 as 0..255. Pillow itself would clip them, and call a grey image white."""
    numbers = values.astype(np.float64)
    top = 1.0 if values.dtype.kind == "f" else 65535.0
    if not (np.min(numbers) >= 0 and np.max(numbers) <= top):  # also true of NaN
        raise ValueError(f"pixel values outside 0..{top:g}")
    return np.rint(numbers * (255 / top)).astype(np.uint8)
