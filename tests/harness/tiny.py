"""Tiny data and models for tests of the loop."""

from __future__ import annotations

import torch
from torch import nn

from harness.data.batches.batches import PixelBatches, TensorBatches
from harness.plan.config import TrainConfig, grouped
from harness.training.model import TrainableModel

CPU = torch.device("cpu")


def pixels(num_images=60, size=8, num_classes=3, seed=0):
    """uint8 images whose class is the brightest of three vertical bands, and their labels."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 100, (num_images, 1, size, size), generator=generator, dtype=torch.uint8)
    labels = torch.arange(num_images) % num_classes
    for image, label in zip(images, labels.tolist(), strict=True):
        image[0, :, label * size // num_classes : (label + 1) * size // num_classes] += 100
    return images, labels


def batches(batch_size=16, seed=1, **kwargs):
    images, labels = pixels(**kwargs)
    return PixelBatches(images, labels, mean=(0.5,), std=(0.25,), channels_out=1, batch_size=batch_size, seed=seed)


def convnet(seed=0, num_classes=3):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(16, num_classes),
    )


def trainable(model, heads=()):
    return TrainableModel(model=model, device=CPU, forward=model, heads=heads)


def config(**changes):
    usual = {"epochs": 3, "batch_size": 16, "sched": "constant", "patience": 10}
    return TrainConfig(**grouped(usual | changes))


__all__ = ["CPU", "TensorBatches", "batches", "config", "convnet", "pixels", "trainable"]
