"""Small image files for tests."""

from __future__ import annotations

import numpy as np
from PIL import Image


def noise(seed=0, width=20, height=16, mode="RGB"):
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


def folder(root, parts, num=4, **options):
    """`root/<part>/<class>/<n>.png` for each "part/class", every picture another."""
    for index, part in enumerate(parts):
        (root / part).mkdir(parents=True, exist_ok=True)
        for number in range(num):
            noise(1000 * index + number, **options).save(root / part / f"{number}.png")
    return root
