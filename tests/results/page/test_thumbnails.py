"""Thumbnails: small, upright, of any image that can be read, and never of what cannot."""

from __future__ import annotations

import base64
import io
import os

import numpy as np
import pytest
from PIL import Image

from results.page import thumbnails
from results.page.thumbnails import SIDE, thumbnail


def decoded(made):
    return Image.open(io.BytesIO(base64.b64decode(made.source.partition(",")[2])))


def test_a_large_image_becomes_a_small_jpeg(tmp_path):
    Image.new("RGB", (1200, 600), (200, 30, 30)).save(tmp_path / "a.jpg")
    made = thumbnail(tmp_path / "a.jpg")
    assert made.source.startswith("data:image/jpeg;base64,")
    assert decoded(made).size == (SIDE, SIDE // 2)
    assert len(made.source) < 12_000


def test_an_image_of_few_pixels_stays_as_it_is(tmp_path):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    Image.fromarray(pixels).save(tmp_path / "digit.png")
    made = thumbnail(tmp_path / "digit.png")
    assert made.small
    assert (np.asarray(decoded(made)) == pixels).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_more_than_eight_bits_are_seen_from_black_to_white(tmp_path, dtype):
    Image.fromarray(np.array([[0, 1000], [2000, 4000]], dtype=dtype)).save(tmp_path / "deep.tiff")
    assert np.asarray(decoded(thumbnail(tmp_path / "deep.tiff"))).tolist() == [[0, 63], [127, 255]]


def test_what_is_transparent_is_white_and_a_turned_photo_upright(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert decoded(thumbnail(tmp_path / "clear.png")).getpixel((0, 0)) == (255, 255, 255)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 10)).save(tmp_path / "turned.jpg", exif=exif)
    assert decoded(thumbnail(tmp_path / "turned.jpg")).size == (10, 20)


def test_what_is_no_image_has_none_and_nothing_is_waited_for(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG no more")
    os.mkfifo(tmp_path / "pipe.png")
    assert [thumbnail(tmp_path / name) for name in ("gone.png", "broken.png", "pipe.png", ".")] == [None] * 4


def test_a_pipe_is_not_read_though_an_image_comes_out_of_it(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    end = os.open(tmp_path / "pipe.png", os.O_RDWR)
    os.write(end, (tmp_path / "a.png").read_bytes())
    assert thumbnail(tmp_path / "pipe.png") is None
    os.close(end)


def test_an_image_that_would_fill_the_memory_has_none(tmp_path, monkeypatch):
    Image.new("L", (100, 100)).save(tmp_path / "large.png")
    monkeypatch.setattr(thumbnails, "LARGEST_IMAGE", 9_999)
    assert thumbnail(tmp_path / "large.png") is None
