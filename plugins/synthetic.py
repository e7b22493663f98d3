"""Generated images that any architecture can learn: for tests, demonstrations and machines without data.

Each of the ten classes is a grating of its own direction and colour; phase, contrast and noise are drawn for
each image. A network that sees shapes or colours separates them in a few epochs; single pixels say little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor

NUM_CLASSES = 10
IMAGES_PER_CLASS = 100
SIZE = 32
WAVES = 4  # periods of the grating across the image
SEED = 20_240_607


@zoo.hookimpl
def zoo_datasets() -> Iterator[zoo.DatasetSpec]:
    yield zoo.DatasetSpec(
        name="synthetic",
        open=open_synthetic,
        num_classes=NUM_CLASSES,
        summary="1,000 generated colour gratings of 32x32 pixels",
    )


def open_synthetic(data_dir: Path | None) -> zoo.LabelledImages:
    """The same 1,000 images on every call, uint8 [1000, 3, 32, 32], classes in turn. `data_dir` is not used."""
    import torch

    labels = torch.arange(NUM_CLASSES * IMAGES_PER_CLASS) % NUM_CLASSES
    return zoo.LabelledImages(
        classes=tuple(f"grating {180 * k // NUM_CLASSES}°" for k in range(NUM_CLASSES)),
        train=zoo.Split(images=gratings(labels), labels=labels.tolist()),
    )


def gratings(labels_N: Tensor) -> Tensor:
    """One noisy grating for each label, uint8 [N, 3, 32, 32]."""
    import torch

    dice = torch.Generator().manual_seed(SEED)
    num = len(labels_N)
    angle_N = labels_N * (torch.pi / NUM_CLASSES)
    phase_N = torch.rand(num, generator=dice) * 2 * torch.pi
    contrast_N = 0.1 + 0.3 * torch.rand(num, generator=dice)
    axis = torch.linspace(0, 2 * torch.pi * WAVES, SIZE)
    along_NHW = angle_N.cos().view(-1, 1, 1) * axis.view(1, 1, -1) + angle_N.sin().view(-1, 1, 1) * axis.view(1, -1, 1)
    wave_NHW = (along_NHW + phase_N.view(-1, 1, 1)).sin() * contrast_N.view(-1, 1, 1)
    tint_NC = 1 + 0.5 * (2 * angle_N.unsqueeze(1) + torch.arange(3) * (2 * torch.pi / 3)).cos()
    noise = 0.1 * torch.randn(num, 3, SIZE, SIZE, generator=dice)
    pixels = 0.5 + wave_NHW.unsqueeze(1) * tint_NC.view(-1, 3, 1, 1) + noise
    return pixels.clamp(0, 1).mul(255).round().to(torch.uint8)
