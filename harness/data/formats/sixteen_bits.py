"""Pictures of 16 bits a channel, as numbers; and the one value that is white in all files of a dataset.

Cameras, microscopes and X-ray detectors write 10, 12 or 14 bits into files of 16, and do not say so. Divided by
65,535, a picture of 12 bits has 16 levels of grey left.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFile

if TYPE_CHECKING:
    Values = np.ndarray[tuple[int, ...], np.dtype[Any]]

FULL = 65535
WIDE = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
COLOUR = {"RGB", "RGBA", "RGBX"}
OTHER_END = {"16B": "16L", "16L": "16B", "16N": "16B" if sys.byteorder == "little" else "16L"}


def white_level(highest: Iterable[int]) -> int:
    """The least 2^k - 1, of 8 to 16 bits, that no value is above; `FULL` without a value above 0."""
    bits = max(highest, default=0).bit_length()
    return 2 ** min(max(bits, 8), 16) - 1 if bits else FULL


def wide_values(image: Image.Image) -> Values | None:
    """The values [H, W] or [H, W, 3] of an image of more than 8 bits a channel; None of any other. Loads it."""
    if image.mode in WIDE:
        return np.asarray(image)
    return _colour_values(image) if image.mode in COLOUR else None


def is_coarse(image: Image.Image) -> bool:
    """Whether it is one of 16 bits of which Pillow gives the upper 8 only. To be asked before it is loaded."""
    mode, _, order = _raw_mode(image).partition(";")
    return order in OTHER_END and image.mode not in WIDE and mode not in COLOUR


def highest_value(values: Values | None) -> int:
    """The largest 16-bit value; 0 for 8 bits and for floats, whose white is 1."""
    return 0 if values is None or values.dtype.kind == "f" else int(values.max())


def scaled(values: Values, white: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """0..`white`, or floats in 0..1, as 0..255; what is above is white. Raises ValueError beyond 16 bits.

    Pillow itself would clip them, and call a grey image white.
    """
    numbers = values.astype(np.float64)
    limit = 1.0 if values.dtype.kind == "f" else float(FULL)
    if not (np.min(numbers) >= 0 and np.max(numbers) <= limit):  # also true of NaN
        raise ValueError(f"pixel values outside 0..{limit:g}")
    top = min(limit, white)
    return np.rint(np.minimum(numbers, top) * (255 / top)).astype(np.uint8)


def _colour_values(image: Image.Image) -> Values | None:
    """Pillow keeps the upper byte of 16-bit colour only; read with the other byte order, the lower one."""
    raw = _raw_mode(image)
    if ";16" not in raw:  # almost always, and at once
        return None
    mode, _, order = raw.partition(";")
    if order not in OTHER_END or mode not in COLOUR or not isinstance(image, ImageFile.ImageFile):
        return None
    with Image.open(_again(image)) as lower:
        tile = [(*part[:3], _with_raw_mode(part[3], f"{mode};{OTHER_END[order]}")) for part in lower.tile]
        lower.tile = tile  # type: ignore[assignment]
        low = np.asarray(lower)[..., :3].astype(np.uint16)
    return np.asarray(image)[..., :3].astype(np.uint16) << 8 | low


def _raw_mode(image: Image.Image) -> str:
    """How the file has its pixels, in Pillow's words, such as "RGB;16B"; empty once they are loaded."""
    tile = getattr(image, "tile", None)
    arguments: Any = tile[0][3] if tile else ""
    return arguments if isinstance(arguments, str) else str(arguments[0] if arguments else "")


def _with_raw_mode(arguments: Any, raw: str) -> Any:
    return raw if isinstance(arguments, str) else (raw, *arguments[1:])


def _again(image: ImageFile.ImageFile) -> io.BytesIO:
    """The bytes of the image's file, which stays where it was: decoding goes on from there."""
    file = image.fp
    assert file is not None, "not loaded yet"
    at = file.tell()
    file.seek(0)
    content = io.BytesIO(file.read())
    file.seek(at)
    return content
