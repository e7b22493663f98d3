"""What a trial trains: the model with its head where it is to be trained, and the batches that it sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from harness.data.batches.augment import AUGMENTATIONS
from harness.data.batches.batches import PixelBatches
from harness.data.batches.order import part_sizes
from harness.training.finetune import Splits
from harness.training.numerics import resolve_numerics
from harness.trial.model_input import geometry_for
from zoo.building import BuiltModel, build
from zoo.input_size import UnsuitableSize
from zoo.memory_layout import lay_out
from zoo.specs import Task

if TYPE_CHECKING:
    from torch import nn

    from harness.data.dataset import PreparedPart, PreparedSplits
    from harness.data.pixels.geometry import Geometry
    from harness.plan.config import TrainConfig, Trial
    from harness.trial.context import TrialContext
    from zoo.selection import Choice

# PyTorch's own default. mobilenet_v3 brings 0.01 and mnasnet 0.0003, meant for hundreds of thousands of steps: after
# 180 steps on digits mobilenet_v3_small still evaluated with the statistics it began with, at 90 % error (now 2 %).
LEAST_MOMENTUM = 0.1


def build_model(trial: Trial, choice: Choice, context: TrialContext) -> tuple[BuiltModel, Geometry]:
    """The model with its head, on the device that trains it, and the images that it is to see.

    Where nobody asked for a size, and the model does not run on that which was chosen, it is the next that works.
    """
    try:
        return _built(trial.train, choice, context)
    except UnsuitableSize as error:
        if trial.train.img_size is not None:
            raise
        size, least = error.size, error.least
    # Not within `except`: what has failed would stay in memory beside what is built now.
    torch.manual_seed(trial.seed)  # as if this size had been asked for
    context.notes.add(f"images of {least} px, the next size that it runs on: on {size} px it does not")
    return _built(replace(trial.train, img_size=least), choice, context)


def _built(train: TrainConfig, choice: Choice, context: TrialContext) -> tuple[BuiltModel, Geometry]:
    dataset = context.dataset
    geometry, notes = geometry_for(choice.spec, train, dataset)
    task = Task(num_classes=len(dataset.classes), image_size=geometry.size, channels=geometry.channels)
    # On the CPU first: random weights are drawn there, so that a seed gives the same ones on every device.
    built = build(choice.spec, task, head=train.head, weights=train.weights)
    for note in notes:  # only now: they are not true of a size that the model does not run on
        context.notes.add(note)
    context.put_switches_back("as it was built")
    if train.weights is None:
        raise_momentum(built.model)
    numerics = resolve_numerics(train.numerics, context.device)
    lay_out(built.model.to(context.device), numerics.memory_format)
    return built, geometry


def raise_momentum(model: nn.Module) -> None:
    """Let running statistics follow a short training: raise each layer's momentum to `LEAST_MOMENTUM` at least."""
    for module in model.modules():
        # None is an average over all batches, which follows any training.
        if isinstance(module, _BatchNorm) and module.momentum is not None:
            module.momentum = max(module.momentum, LEAST_MOMENTUM)


def largest_part(train: TrainConfig) -> int:
    """Images in the largest pass of a whole batch."""
    return part_sizes(train.batch_size, train.grad_accum)[0]


def make_splits(trial: Trial, pixels: PreparedSplits, context: TrialContext) -> Splits:
    """Batches of the three splits; only training images are changed at random."""
    numerics = resolve_numerics(trial.train.numerics, context.device)
    share = context.peers.share(trial.train.grad_accum) if context.peers else None

    def batches(part: PreparedPart, aug: str) -> PixelBatches:
        return PixelBatches(
            part.images,
            part.labels,
            rows=part.rows,
            mean=pixels.mean,
            std=pixels.std,
            channels_out=pixels.geometry.channels,
            batch_size=trial.train.batch_size,
            device=context.device,
            memory_format=numerics.memory_format,
            seed=trial.seed,
            augment=AUGMENTATIONS[aug],
            # Who trains in parts has not the memory for large batches either.
            eval_batch_size=largest_part(trial.train) if trial.train.grad_accum > 1 else None,
            share=share,
        )

    return Splits(
        train=batches(pixels.train, trial.train.aug),
        val=batches(pixels.val, "none"),
        test=batches(pixels.test, "none"),
        key=f"{context.dataset.fingerprint}-{pixels.geometry.key}-{pixels.mean}-{pixels.std}",
    )
