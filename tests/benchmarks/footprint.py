"""Prints the peak memory of one epoch, in MiB: a process of its own, so that nothing else has left its mark.

`tensor` trains on images in memory, `folder` on files that exceed what may be kept.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
from torch import nn

from harness.data.batches.batches import PixelBatches
from harness.data.pixels import prepare
from harness.data.pixels.geometry import Geometry
from harness.data.pixels.sources import FileSource
from harness.machine.malloc import keep_freed_memory
from harness.timing.memory import MIB, peak_rss_mib
from harness.training.loop import fit
from tests.harness.tiny import config, trainable

BUDGET_BYTES = 20 * MIB
SIZE = 224


def tensor(num_images: int) -> None:
    images = torch.zeros(num_images, 1, 28, 28, dtype=torch.uint8).random_(256)
    one_epoch(images, num_images, nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), channels=1)


def folder(num_images: int, files: Path) -> None:
    """The same files over and over: to the loop one is like another."""
    os.environ["XDG_CACHE_HOME"] = "/dev/null"  # no room on the disk
    prepare.MEMORY_SHARE, prepare.free_memory = 1.0, lambda: BUDGET_BYTES
    found = sorted(files.rglob("*.jpg"))
    geometry = Geometry(size=SIZE, channels=3, stored_channels=3, short_side=SIZE)
    source = prepare.prepare([found[i % len(found)] for i in range(num_images)], geometry, "none", num_threads=1)
    assert isinstance(source, FileSource)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)
    )
    one_epoch(source, num_images, model, channels=3)


def one_epoch(images, num_images: int, model: nn.Module, channels: int) -> None:
    labels = torch.arange(num_images) % 10
    data = PixelBatches(images, labels, mean=(0.5,), std=(0.5,), channels_out=channels, batch_size=16)
    fit(trainable(model), data, data, config(epochs=1, batch_size=16), seed=1)


def main(kind: str, num_images: str, *files: str) -> None:
    keep_freed_memory()  # as every run does before its first trial
    torch.set_num_threads(1)
    {"tensor": tensor, "folder": folder}[kind](int(num_images), *map(Path, files))
    print(peak_rss_mib())


if __name__ == "__main__":
    main(*sys.argv[1:])
