"""Known errors: labels painted into the pixels are all learned, random labels cannot be."""

from __future__ import annotations

from math import sqrt

import torch
from torch import nn

from harness.cli.commands.selftest.parts import Finding, Parts
from harness.data.batches.batches import PixelBatches
from harness.plan.config import TrainConfig
from harness.timing.restore import random_state_kept
from harness.training.loop import fit
from harness.training.model import TrainableModel

NUM_CLASSES, SIDE = 10, 10
NUM_TRAIN, NUM_TEST = 640, 1001
CONFIG = TrainConfig(epochs=6, batch_size=32, lr=1e-2, patience=6)


def painted_labels_are_learned(parts: Parts) -> Finding:
    """Images that show their label give 0 % error, if dropout is off while testing and classes are counted right."""
    errors = _errors_after_training(parts, painted=True)
    return Finding(ok=errors == (0.0, 0.0), seen=f"{_both(errors)} on {NUM_TEST:,} images that show their label")


def random_labels_give_chance(parts: Parts) -> Finding:
    """Labels that have nothing to do with the images are guessed as often as chance has it, within 4 deviations."""
    errors, chance = _errors_after_training(parts, painted=False), 1 / NUM_CLASSES
    slack = 400 * sqrt(chance * (1 - chance) / NUM_TEST)
    ok = all(abs(error - 100 * (1 - chance)) < slack for error in errors)
    expected = f"{100 * (1 - chance):.0f} ±{slack:.1f} %"
    return Finding(ok=ok, seen=f"{_both(errors)} on random labels; chance is {expected}")


def _both(errors: tuple[float, float]) -> str:
    validation, test = errors
    return f"{test:.1f} % error" if validation == test else f"{validation:.1f} % and {test:.1f} % error"


def _errors_after_training(parts: Parts, *, painted: bool) -> tuple[float, float]:
    """Percent misjudged by a small network that the shared loop has trained, in validation's way and in testing's."""
    with random_state_kept(parts.device):
        torch.manual_seed(0)
        hidden = nn.Sequential(nn.Flatten(), nn.Dropout(0.8), nn.Linear(SIDE * SIDE, 64), nn.ReLU())
        model = nn.Sequential(hidden, nn.Linear(64, NUM_CLASSES)).to(parts.device)
        trainable = TrainableModel(model=model, device=parts.device, forward=model)
        train, test = (_batches(n, parts.device, seed, painted=painted) for seed, n in enumerate((NUM_TRAIN, NUM_TEST)))
        fit(trainable, train, train, CONFIG, seed=1)
        return 100 - parts.evaluate(trainable, test, CONFIG).top1, parts.test_error(trainable, test, CONFIG)


def _batches(num_images: int, device: torch.device, seed: int, *, painted: bool) -> PixelBatches:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(NUM_CLASSES, (num_images,), generator=generator)
    images = torch.randint(0, 64, (num_images, 1, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    if painted:
        images[torch.arange(num_images), 0, labels] = 255  # row k of an image of class k is white
    return PixelBatches(
        images,
        labels,
        mean=(0.2,),
        std=(0.2,),
        channels_out=1,
        batch_size=CONFIG.batch_size,
        device=device,
    )
