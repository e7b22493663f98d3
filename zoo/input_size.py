"""When a model fails on images: whether larger ones, or ones with other channels, would do, and which are enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoo.specs import Task

# Sizes that architectures are designed for, and those that their halvings and patches lead to.
COMMON_SIZES = (16, 24, 32, 48, 64, 75, 96, 112, 128, 160, 192, 224, 256, 299, 384)
AMPLE_SIZE = 224
# What layers raise where nothing is left of an image, or where it does not divide into patches.
OF_A_SIZE = (RuntimeError, ValueError, AssertionError, IndexError, ArithmeticError)


class UnsuitableSize(ZooError):
    """A model does not run on images of `size` pixels; on those of `least`, the next larger ones, it does."""

    def __init__(self, cause: str, size: int, least: int) -> None:
        super().__init__(cause, f"use --img-size {least}, or leave it out", USAGE)
        self.size, self.least = size, least


def other_channels(error: ZooError, task: Task, takes: Callable[[int, int], bool]) -> ZooError | None:
    """The error for a model that takes colour, or grey, where its images have the other; None where it is not that.

    `takes` tells whether the model runs on images of a size with so many channels. A size that has room enough is
    tried too, since the images may be too small as well.
    """
    if not isinstance(error.__cause__, OF_A_SIZE):
        return None
    wanted = 1 if task.channels == 3 else 3
    sizes = (task.image_size, AMPLE_SIZE)
    if any(takes(size, task.channels) for size in sizes) or not any(takes(size, wanted) for size in sizes):
        return None
    cause = f"it takes images with {_channels(wanted)} and gets {task.channels}: declare InputSpec(channels={wanted})"
    means = "grey images are then repeated" if wanted == 3 else "colour images then become grey"
    return ZooError(cause, f"in its plugin, ModelSpec(input=zoo.InputSpec(channels={wanted})): {means}")


def _channels(count: int) -> str:
    return f"{count} channel{'' if count == 1 else 's'}"


def with_size_hint(error: ZooError, size: int, takes: Callable[[int], bool]) -> ZooError:
    """`error` itself; or, where the model takes larger images than `size` pixels, one that says how large.

    `takes` tells whether the model runs on images of a size: where it runs on `size`, something else is wrong.
    """
    least = smallest(size, takes) if isinstance(error.__cause__, OF_A_SIZE) and not takes(size) else None
    if least is None:
        return error
    if any(takes(common) for common in COMMON_SIZES if common < size):
        cause = f"image size {size} px does not suit the model: try --img-size {least}"
    else:
        cause = f"image size {size} px is smaller than the model's minimum of {least} px: try --img-size {least}"
    return UnsuitableSize(cause, size, least)


def smallest(size: int, takes: Callable[[int], bool]) -> int | None:
    """The smallest size above `size` that works: a common one, then whatever lies between it and the one before."""
    too_small = size
    for common in COMMON_SIZES:
        if common <= size:
            continue
        if takes(common):
            return _between(too_small, common, takes)
        too_small = common
    return None


def _between(too_small: int, enough: int, takes: Callable[[int], bool]) -> int:
    while enough - too_small > 1:
        middle = (too_small + enough) // 2
        too_small, enough = (too_small, middle) if takes(middle) else (middle, enough)
    return enough
