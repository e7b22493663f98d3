"""The picture in a file: opened whatever is wrong with its metadata, and never larger than memory allows."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from PIL import Image

from harness.data.formats.metadata import JPEG, without_metadata
from harness.data.formats.suffixes import enable_heif
from results.tables.number_format import counted

LARGEST_IMAGE = 89_478_485  # pixels, where Pillow begins to warn: a small file may be a bomb that fills the memory
# A JPEG is decoded at half its size or less where it has more than that; but a progressive one is kept whole, at up
# to 6 bytes a pixel, until its last scan has come.
LARGEST_JPEG = 3 * LARGEST_IMAGE
SAMPLES_PER_PIXEL = 277  # TIFF's tag
LONGEST_SIDE = 256  # times the short side, which is resized to that of a model: a thread of pixels may be a bomb too

Value = TypeVar("Value")


def read_picture(file: BinaryIO, use: Callable[[Image.Image], Value]) -> tuple[Value, bool]:
    """What `use` makes of the picture, and whether metadata had to be left out for it.

    `use` is called once more, without metadata, where it fails. Raises whatever Pillow does of what it cannot read.
    """
    try:
        with _opened(file) as image:
            return use(image), False
    except Exception:
        file.seek(0)
        bare = without_metadata(file.read())
        if bare is None:
            raise
        with _opened(io.BytesIO(bare)) as image:
            return use(image), True


def too_large(image: Image.Image) -> str:
    """What is wrong with the size that the header tells, before memory is taken for it; empty if nothing is."""
    size = f"{image.width}x{image.height} pixels"
    limit = LARGEST_JPEG if is_jpeg(image) else LARGEST_IMAGE
    if image.width * image.height > limit:
        return f"{size}, over the limit of {limit:,}"
    return f"{size}, too narrow" if max(image.size) > LONGEST_SIDE * min(image.size) else ""


def shrink(image: Image.Image) -> None:
    """Have a JPEG that is over `LARGEST_IMAGE` decoded at 1/2, 1/4 or 1/8 of its sides; changes no other image."""
    if not is_jpeg(image):
        return
    scale = 1
    while image.width * image.height > LARGEST_IMAGE * scale**2:
        scale *= 2
    if scale > 1:
        image.draft(None, (image.width // scale, image.height // scale))


def is_jpeg(image: Image.Image) -> bool:
    """Whether libjpeg decodes it; MPO is what phones call a JPEG with further pictures behind it."""
    return image.format in ("JPEG", "MPO")


def unused_bands(image: Image.Image) -> int:
    """How many values of each pixel are passed over: of a TIFF of red, green, blue and infrared, the last."""
    bands = [band for band in image.getbands() if band != "X"]
    tags = getattr(image, "tag_v2", {})
    return max(0, int(tags.get(SAMPLES_PER_PIXEL, 0)) - len(bands))


def num_frames(image: Image.Image) -> int:
    """Frames of an animation, or pages; 1 where they cannot be counted, since the first one is what is used.

    To be asked last: it leaves the image at any of them.
    """
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:
        return 1


def has_bad_exif(image: Image.Image) -> bool:
    """Whether there is an EXIF block that nobody can read. Of PNG only known once it is loaded."""
    if image.format == "PNG" and "exif" not in image.info:
        return False
    try:
        image.getexif()
    except Exception:
        return True
    return False


def unread_bands(content: bytes) -> str:
    """For what Pillow cannot identify: what is to be said of a TIFF of satellites and microscopes; empty of others."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    try:
        tags = ImageFileDirectory_v2(content[:8])
        file = io.BytesIO(content)
        file.seek(tags.next)
        tags.load(file)
        bands = int(tags.get(SAMPLES_PER_PIXEL, 1))
    except Exception:
        return ""
    return f"a TIFF of {counted(bands, 'band')}, which Pillow cannot read: give 1 or 3 of 8 or 16 bits"


def _opened(file: BinaryIO) -> Image.Image:
    enable_heif()
    try:
        return Image.open(file)
    except Image.DecompressionBombError:
        # Said of the header, by one limit for all formats; ours is asked next.
        file.seek(0)
        if file.read(2) != JPEG:
            raise
        from PIL.JpegImagePlugin import JpegImageFile

        file.seek(0)
        return JpegImageFile(file)
