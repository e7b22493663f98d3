"""What a model says of images in eval mode: the same each time, of each by itself, and of what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.errors import ZooError
from zoo.testing.elsewhere import OTHER_SEED
from zoo.testing.subject import difference

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.testing.subject import Subject

SAME = 1e-4  # of the largest output: the order in which a batch is summed up changes less
SWAPPED = [1, 0, 2]


def deterministic(subject: Subject) -> None:
    """Two passes over the same images give the same to the bit."""
    import torch

    if not torch.equal(subject.plain, subject.evaluated(subject.images(), seed=OTHER_SEED)):
        cause = "two passes over the same images in eval mode differ"
        raise ZooError(cause, "draw at random in training only: F.dropout(x, training=self.training)")


def uses_image(subject: Subject) -> None:
    """Other images get other outputs."""
    if difference(subject.plain, subject.evaluated(subject.images(seed=1))) == 0:
        raise ZooError("its output is the same whatever the images are", "let forward use its argument")


def independent(subject: Subject) -> None:
    """What it says of an image does not change with its neighbours in the batch."""
    others = subject.images(batch=3)
    others[1] = subject.images(batch=1, seed=1)[0]
    if difference(subject.once(_of_three)[::2], subject.evaluated(others)[::2]) > SAME:
        cause = "what it says of an image depends on the other images of the batch"
        raise ZooError(cause, "use no statistics of a batch in eval mode (track_running_stats, dimensions of a mean)")


def order(subject: Subject) -> None:
    """Images in another order get their outputs in that order."""
    images = subject.images(batch=3)
    if difference(subject.evaluated(images[SWAPPED]), subject.once(_of_three)[SWAPPED]) > SAME:
        raise ZooError("its outputs are not in the order of the images", "flip, roll and sort no batch")


def _of_three(subject: Subject) -> Tensor:
    return subject.evaluated(subject.images(batch=3))
