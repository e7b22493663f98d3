"""A plugin of models and datasets whose images are at fault, and small good models beside them.

The harmful models do their harm when they are built: after the dataset was opened, and before a pixel is decoded.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import zoo

FIXED = zoo.InputSpec(size=12, fixed=True)  # not the size of the good model, whose pixels are made by then


def tiny(task):
    """A good model: one linear layer."""
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(task.channels * task.image_size**2, task.num_classes))


def normalised(task):
    """Batch normalisation over single pixels, which one image alone cannot have."""
    from torch import nn

    size = task.image_size
    return nn.Sequential(nn.AvgPool2d(size), nn.BatchNorm2d(task.channels), nn.Flatten(), nn.Linear(task.channels, 2))


def halving(task):
    """Needs images of at least 16 pixels."""
    from torch import nn

    return nn.Sequential(*[nn.MaxPool2d(2) for _ in range(4)], nn.Flatten(), nn.LazyLinear(task.num_classes))


def after(harm, task):
    """The good model, once the file that a variable names has come to harm."""
    harm(Path(os.environ["FAULT_FILE"]))
    return tiny(task)


def change(path):
    other = path.with_name("other.bmp")
    path.write_bytes(other.read_bytes())


def _decoding(harm):
    """The good model, in a process in which decoding does harm."""

    def build(task):
        from harness.data.pixels import sources

        sources.decode = lambda path, geometry: harm(path)
        return tiny(task)

    return build


def fail(path):
    raise RuntimeError("the decoder is broken")


def hang(path):
    import time

    time.sleep(600)


def labels(found, data_dir):
    """Four images with these labels."""
    import torch

    images = torch.arange(12, dtype=torch.uint8).repeat_interleave(64).view(12, 1, 8, 8)
    return zoo.LabelledImages(classes=("a", "b"), train=zoo.Split(images=images, labels=found))


@zoo.hookimpl
def zoo_datasets():
    yield zoo.DatasetSpec(name="label-too-high", open=partial(labels, [0, 1, 2] * 4), num_classes=2)
    yield zoo.DatasetSpec(name="label-negative", open=partial(labels, [0, 1, -1] * 4), num_classes=2)
    yield zoo.DatasetSpec(name="label-missing", open=partial(labels, [0, 1] * 5), num_classes=2)


@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="good/tiny", build=tiny)
    yield zoo.ModelSpec(name="good/normalised", build=normalised)
    yield zoo.ModelSpec(name="bad/needs-16", build=halving)
    yield zoo.ModelSpec(name="bad/removes", build=partial(after, Path.unlink), input=FIXED)
    yield zoo.ModelSpec(name="bad/changes", build=partial(after, change), input=FIXED)
    yield zoo.ModelSpec(name="bad/decoder", build=_decoding(fail), input=FIXED)
    yield zoo.ModelSpec(name="bad/slow-decoder", build=_decoding(hang), input=FIXED)
