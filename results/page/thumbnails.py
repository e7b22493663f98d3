"""Image files as small pictures within the page."""

from __future__ import annotations

import base64
import io
import os
import stat
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image, ImageFile

SIDE = 112  # pixels, of the longer side
SMALL = 48  # an image of fewer pixels a side is kept as it is, without loss
LARGEST_FILE = 2**26  # bytes
LARGEST_IMAGE = 50_000_000  # pixels: a small file may be a bomb that fills the memory
QUALITY = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """`source` is a data URI; `small` ones have few pixels, which are shown as squares."""

    source: str
    small: bool


def thumbnail(path: Path) -> Thumbnail | None:
    """None where the file is not there any more, is no file, or cannot be read as an image."""
    from PIL import Image

    try:
        with _opened(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metadata: the picture is what counts
            with Image.open(io.BytesIO(file.read(LARGEST_FILE))) as image:
                if image.width * image.height > LARGEST_IMAGE:
                    return None
                return _encoded(_small(image))
    # Pillow raises what it likes for files that are broken.
    except Exception:
        return None


def _opened(path: Path) -> io.BufferedReader:
    """Raises OSError for what is no regular file: no pipe is waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("no regular file")
    return os.fdopen(handle, "rb")


def _small(image: ImageFile.ImageFile) -> Image.Image:
    """Upright, without transparency, in eight bits, and no larger than a thumbnail."""
    from PIL import Image, ImageOps

    if image.format == "JPEG":  # decoded at a part of its size, which takes a part of the time
        image.draft(None, (SIDE * 2, SIDE * 2))
    upright: Image.Image = image
    with suppress(Exception):  # metadata may be broken where the picture is whole
        upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):
        upright = _eight_bits(upright)
    if upright.mode not in ("RGB", "L"):
        opaque = Image.new("RGBA", upright.size, "white")
        opaque.alpha_composite(upright.convert("RGBA"))
        upright = opaque.convert("RGB")
    upright.thumbnail((SIDE, SIDE))
    return upright


def _eight_bits(image: Image.Image) -> Image.Image:
    """From its least to its greatest value, so that something is seen."""
    import numpy as np
    from PIL import Image

    values: np.ndarray[Any, Any] = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    return Image.fromarray((255 * (values - low) / ((high - low) or 1.0)).astype(np.uint8))


def _encoded(image: Image.Image) -> Thumbnail:
    small, content = max(image.size) <= SMALL, io.BytesIO()
    if small:
        image.save(content, "PNG", optimize=True)
    else:
        image.save(content, "JPEG", quality=QUALITY)
    kind = "png" if small else "jpeg"
    text = base64.b64encode(content.getvalue()).decode("ascii")
    return Thumbnail(source=f"data:image/{kind};base64,{text}", small=small)
