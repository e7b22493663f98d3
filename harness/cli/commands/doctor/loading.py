"""How fast images come: JPEG files of a camera's usual detail, read, decoded and resized as a run does it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from PIL import Image

from harness.cli.commands.doctor.line import Line
from harness.data.pixels.decode import decode
from harness.data.pixels.geometry import Geometry

NUM_FILES = 24
WIDTH, HEIGHT = 500, 375  # the median size of ImageNet's images
GEOMETRY = Geometry(size=224, channels=3, stored_channels=3, short_side=256)


def loading_speed() -> Line:
    """Images a second on one core."""
    with TemporaryDirectory() as folder:
        paths = _write_images(Path(folder))
        decode(paths[0], GEOMETRY)
        start = perf_counter()
        for path in paths:
            decode(path, GEOMETRY)
        rate = NUM_FILES / (perf_counter() - start)
    return Line(topic="loading", found=f"{rate:.0f} JPEG images of {WIDTH}×{HEIGHT} a second on one core")


def _write_images(folder: Path) -> list[Path]:
    """Smooth shapes with some noise on top, which compress to about what photographs do."""
    generator = np.random.default_rng(0)
    paths = []
    for number in range(NUM_FILES):
        coarse = generator.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), dtype=np.int16)
        noisy = (smooth + generator.integers(-12, 13, smooth.shape, dtype=np.int16)).clip(0, 255)
        paths.append(folder / f"{number}.jpg")
        Image.fromarray(noisy.astype(np.uint8)).save(paths[-1], quality=90)
    return paths
