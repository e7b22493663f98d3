"""Image files that Pillow cannot write, made by hand; and what a model gets of an image."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import torch

from harness.data.load import DatasetSource, load
from harness.data.pixels.geometry import Geometry

PNG_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by bands


def opened(root):
    return load(DatasetSource(data_dir=root))


def pixels_of(root, name, channels=3):
    """The pixels [C, 16, 16] of one image as a model of this dataset gets them."""
    dataset = opened(root)
    splits = dataset.pixels(Geometry(size=16, channels=channels, stored_channels=channels, short_side=16))
    part = name.partition("/")[0]
    row = list(dataset.pools[part].images).index(root / name)
    return next(getattr(splits, part).images.blocks([torch.tensor([row])])).numpy()[0]


def chunk(name, data, *, crc=None, length=None):
    """A chunk of a PNG, with the checksum and the length that it should have or others."""
    checksum = zlib.crc32(name + data) if crc is None else crc
    return struct.pack(">I", len(data) if length is None else length) + name + data + struct.pack(">I", checksum)


def png16(values):
    """A PNG of the values [H, W, bands] of 16 bits."""
    height, width, bands = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, PNG_COLOUR_TYPES[bands], 0, 0, 0)
    chunks = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tiff(values):
    """An uncompressed TIFF of the values [H, W, bands]; bands above three have no known meaning."""
    height, width, bands = values.shape
    extra = bands - 3
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    lists = struct.pack(f"<{bands}H", *[8 * values.itemsize] * bands) + bytes(2 * extra)
    tags = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, bands, 8), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, 8 + len(lists)), (277, 3, 1, bands), (278, 3, 1, height), (279, 4, 1, len(data)),
        *([(338, 3, extra, 8 + 2 * bands if extra > 2 else 0)] if extra else []),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(lists) + len(data)) + lists + data + directory


def bands_of(number):
    """Values [16, 16, number] of 8 bits."""
    return np.random.default_rng(0).integers(0, 256, (16, 16, number), dtype=np.uint8)
