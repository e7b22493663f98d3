"""A plugin whose data and models are made so that what a probe finds is known before: sound ones and harmful ones.

The label of an image is painted into its first pixel, and nowhere else.
"""

from __future__ import annotations

import os
import time

import torch
from torch import nn

from zoo import DatasetSpec, LabelledImages, ModelSpec, Split, hookimpl

NUM_CLASSES, NUM_IMAGES = 3, 150


class Seer(nn.Module):
    """Sees the first pixel only; its square too, or no line would tell the class in the middle from both others."""

    def forward(self, images):
        pixel = images[:, :, 0, 0]
        return torch.cat([pixel, pixel * pixel], dim=1)


class Blind(nn.Module):
    """Sees all but the first row."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)

    def forward(self, images):
        return self.conv(images[:, :, 1:]).relu().mean((2, 3))


class Harmful(Blind):
    """Does harm as soon as it is shown more than the two images by which a head is looked for."""

    def __init__(self, harm):
        super().__init__()
        self.harm = harm

    def forward(self, images):
        features = super().forward(images)
        return features if len(images) <= 2 else self.harm(features)


def hang(features):
    time.sleep(600)


def fill_memory(features):
    return torch.empty(2**50)


def not_finite(features):
    return torch.where(torch.arange(len(features))[:, None] == 5, torch.nan, features)


def fail(*inputs):
    raise ValueError("no more than two images")


class Spoiler(Blind):
    """Sound by itself; whoever comes after it in its process has no convolutions."""

    def forward(self, images):
        features = super().forward(images)
        if len(images) > 2:
            nn.Conv2d.forward = fail
        return features


HARMS = {
    "crash": lambda features: os.abort(),
    "hang": hang,
    "memory": fill_memory,
    "nan": not_finite,
    "fails": fail,
    "constant": torch.zeros_like,
}


def seeing(body, width):
    return lambda task: nn.Sequential(body(), nn.Linear(width, task.num_classes))


@hookimpl
def zoo_models():
    yield ModelSpec(name="planted/seer", build=seeing(Seer, 2))
    yield ModelSpec(name="planted/spoiler", build=seeing(Spoiler, 8))
    for name in ("planted/blind", "planted/copy"):
        yield ModelSpec(name=name, build=seeing(Blind, 8))
    for name, harm in HARMS.items():
        yield ModelSpec(name=f"planted/{name}", build=seeing(lambda harm=harm: Harmful(harm), 8))


@hookimpl
def zoo_datasets():
    yield DatasetSpec(name="planted", open=painted, num_classes=NUM_CLASSES)
    yield DatasetSpec(name="shuffled", open=shuffled, num_classes=NUM_CLASSES)


def shuffled(data_dir):
    """The same images with labels that nothing in them tells."""
    images = painted(data_dir)
    order = torch.randperm(NUM_IMAGES, generator=torch.Generator().manual_seed(1)).tolist()
    split = Split(images=images.train.images, labels=[images.train.labels[row] for row in order])
    return LabelledImages(classes=images.classes, train=split)


def painted(data_dir):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (NUM_IMAGES, 1, 8, 8), generator=generator, dtype=torch.uint8)
    labels = torch.arange(NUM_IMAGES) % NUM_CLASSES
    images[:, 0, 0, 0] = (100 * labels).to(torch.uint8)
    return LabelledImages(classes=("a", "b", "c"), train=Split(images=images, labels=labels.tolist()))
