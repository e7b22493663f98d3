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


def scene(width, height):
    """A picture as a camera takes them: slow changes of colour, a few hard edges, a little noise."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    planes = [120 + 100 * np.sin(7 * x + channel) * np.cos(5 * y - channel) for channel in range(3)]
    values = np.stack(planes, axis=-1) + np.random.default_rng(0).normal(0, 4, (height, width, 3))
    values[(x - 0.6) ** 2 + (y - 0.4) ** 2 < 0.03] = (240, 30, 60)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))
