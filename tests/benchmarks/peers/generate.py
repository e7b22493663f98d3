"""Makes what every peer trains on, from fixed seeds: MNIST-format files, a folder of JPEGs, backbone weights."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision import models

NUM_DIGITS = 10
CLASSES = ("ant", "bee", "cat", "dog")
FULL = {"mnist": (60_000, 10_000), "jpegs": (200, 100)}
SMALL = {"mnist": (640, 128), "jpegs": (32, 16)}


def everything(folder: Path) -> Path:
    """Fill `folder`, and its `warm` folder with a small set for the warm-up; does nothing where it is complete."""
    done = folder / "complete"
    if not done.exists():
        for target, sizes in [(folder, FULL), (folder / "warm", SMALL)]:
            _mnist(target / "mnist" / "MNIST" / "raw", *sizes["mnist"])
            jpegs(target / "jpegs", *sizes["jpegs"])
        for name in ("resnet18", "densenet121"):
            _backbone(name, folder / f"{name}.pt")
            _backbone(name, folder / "warm" / f"{name}.pt")
        done.touch()
    return folder


def _mnist(folder: Path, num_train: int, num_test: int) -> None:
    """Ten blurred patterns under much noise, in the files that torchvision.datasets.MNIST reads."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    patterns = random.uniform(0, 255, (NUM_DIGITS, 7, 7)).repeat(4, axis=1).repeat(4, axis=2)
    for part, num in [("train", num_train), ("t10k", num_test)]:
        labels = random.integers(0, NUM_DIGITS, num)
        noise = random.normal(0, 160, (num, 28, 28)).astype(np.float32)
        images = np.clip(0.5 * patterns[labels] + noise + 64, 0, 255).astype(np.uint8)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, num, 28, 28) + images.tobytes())
        labels_file = folder / f"{part}-labels-idx1-ubyte"
        labels_file.write_bytes(struct.pack(">2i", 2049, num) + labels.astype(np.uint8).tobytes())


def jpegs(folder: Path, num_train: int, num_test: int) -> None:
    """Photo-like pictures of about 400 px whose coarse pattern tells the class."""
    random = np.random.default_rng(1)
    patterns = random.uniform(0, 255, (len(CLASSES), 6, 6, 3))
    for part, num in [("train", num_train), ("test", num_test)]:
        for index in range(num):
            kind = index % len(CLASSES)
            path = folder / part / CLASSES[kind] / f"{index:04}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            size = tuple(int(side) for side in random.integers(360, 441, 2))
            coarse = np.clip(0.5 * patterns[kind] + random.uniform(0, 128, (6, 6, 3)), 0, 255).astype(np.uint8)
            picture = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC), np.float32)
            grain = random.normal(0, 12, picture.shape)
            Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8)).save(path, quality=90)


def _backbone(name: str, path: Path) -> None:
    """Random weights whose batch-norm statistics have seen data, as those of a trained network have."""
    torch.manual_seed(2)
    model = models.get_model(name, weights=None)
    with torch.no_grad():
        for _ in range(10):
            model(torch.randn(8, 3, 96, 96))
    torch.save(model.state_dict(), path)
