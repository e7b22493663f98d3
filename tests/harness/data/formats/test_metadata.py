"""Damage anywhere in a file's metadata changes no pixel: by random bytes, from a seed."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from harness.data.formats.eight_bits import upright
from harness.data.formats.metadata import JPEG, without_metadata
from harness.data.formats.picture import read_picture
from tests.harness.pictures import noise

DAMAGED = 150


def saved(format, **options):
    """A picture with all that is written about pictures."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0110] = "a leaf " * 5, "camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = io.BytesIO()
    noise(0, 16, 16).save(buffer, format=format, exif=exif.tobytes(), icc_profile=profile, **options)
    return buffer.getvalue()


def png():
    """The file, and where its metadata lies: all between the header and the pixels, lengths and names too."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "x" * 30)
    info.add_text("Packed", "y" * 300, zip=True)
    info.add_itxt("International", "z" * 30)
    content = saved("PNG", pnginfo=info, dpi=(72, 72))
    return content, [(33, content.index(b"IDAT") - 4)]


def jpeg():
    """What the segments hold; a wrong length leaves nothing of a JPEG."""
    content = saved("JPEG", quality=95)
    areas, at = [], len(JPEG)
    while content[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        areas += [(at + 4, end)] if content[at + 1] >= 0xE0 else []
        at = end
    return content, areas


def webp():
    """The EXIF chunk, which is the last."""
    content = saved("WEBP", lossless=True)
    return content, [(content.index(b"EXIF"), len(content))]


def pixels(content):
    return np.asarray(read_picture(io.BytesIO(content), lambda image: upright(image).convert("RGB"))[0])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("made", [png, jpeg, webp])
def test_random_damage_to_metadata_changes_no_pixel(made):
    content, areas = made()
    expected, chance = pixels(content), random.Random(0)
    for _ in range(DAMAGED):
        start, end = chance.choice(areas)
        damaged = bytearray(content)
        for _ in range(chance.choice([1, 1, 2, 8])):
            damaged[chance.randrange(start, end)] = chance.randrange(256)
        assert np.array_equal(pixels(bytes(damaged)), expected)


@pytest.mark.parametrize("made", [png, jpeg, webp])
def test_a_picture_without_metadata_is_the_same_picture_and_smaller(made):
    content, _ = made()
    bare = without_metadata(content)
    assert len(bare) < len(content) - 300
    assert np.array_equal(pixels(bare), pixels(content))


@pytest.mark.parametrize("made", [png, jpeg, webp])
def test_cut_off_pixels_are_not_mended(made):
    bare = without_metadata(made()[0])
    with pytest.raises((OSError, SyntaxError)):
        pixels(bare[: len(bare) // 2])


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"RIFF\0\0\0\0WAVE"])
def test_of_other_formats_there_is_nothing_to_leave_out(content):
    assert without_metadata(content) is None
