"""Any picture in 8 bits a channel, upright and without transparency: nothing clipped or dropped in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image

from harness.data.formats.picture import shrink
from harness.data.formats.sixteen_bits import FULL, scaled, wide_values

if TYPE_CHECKING:
    Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

TRANSPARENT = {"LA", "La", "PA", "RGBA", "RGBa"}
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, white_level: int = FULL) -> Image.Image:
    """The picture as it is meant to be seen, in a mode of 8 bits a channel and without transparency.

    `white_level` is the 16-bit value that becomes 255. The image may be changed.
    """
    shrink(image)
    values = wide_values(image)
    turn = TURNS.get(orientation(image))
    if values is not None:
        image = _from_wide(scaled(values, white_level), image)
    if turn is not None:
        image = image.transpose(turn)
    if image.mode in TRANSPARENT or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image


def orientation(image: Image.Image) -> int:
    """EXIF's number of the turn that sets the picture upright; 1, which is none, where that cannot be read."""
    image.load()  # the block may stand behind the pixels
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    # Damaged EXIF raises anything, and costs the turn but not the picture.
    except Exception:
        return 1


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image in `mode`; itself where it is, since Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)


def _from_wide(pixels: Pixels, image: Image.Image) -> Image.Image:
    """The scaled values, with the alpha that `image` has, which is a share and no brightness."""
    made = Image.fromarray(pixels)
    if image.mode in TRANSPARENT:
        made.putalpha(image.getchannel("A"))
    return made
