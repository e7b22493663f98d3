"""Which images are one process's own, where several processes train a model together: each image is exactly one's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from harness.data.batches.order import part_sizes


class Span(NamedTuple):
    """Images `start` to `stop` of a batch. They weigh nothing in it where not `counts`: then it is another's image."""

    start: int
    stop: int
    counts: bool

    @property
    def size(self) -> int:
        """Images in it."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The images of process `rank` of `world_size`, where a batch is trained in `passes`.

    A pass has the images that it has in one process, and is cut into contiguous pieces of equal size but for one image.
    """

    rank: int
    world_size: int
    passes: int = 1

    def spans(self, batch_size: int) -> list[Span]:
        """The piece of each pass of a batch of so many images.

        A pass with fewer images than there are processes leaves some of them without: they take its first, which
        counts for nothing, since models need not work on none and all processes have to meet in every pass.
        """
        spans, begin = [], 0
        for size in part_sizes(batch_size, self.passes):
            low, high = self._piece(self.rank, size)
            spans.append(Span(begin + low, begin + high, True) if high > low else Span(begin, begin + 1, False))
            begin += size
        return spans

    def of_epoch(self, sizes: list[int]) -> tuple[Tensor, list[int]]:
        """Of an epoch with batches of these sizes the places [M] of the images to take, and their number by batch."""
        places, own, begin = [], [], 0
        for size in sizes:
            spans = self.spans(size)
            places += [torch.arange(begin + span.start, begin + span.stop) for span in spans]
            own.append(sum(span.size for span in spans))
            begin += size
        return torch.cat(places), own

    def of_split(self, num_images: int) -> range:
        """The images of a split to evaluate; all of them in every process where there is not one for each."""
        return range(*self._piece(self.rank, num_images)) if self.divides(num_images) else range(num_images)

    def divides(self, num_images: int) -> bool:
        """Whether each process has images of such a split for itself."""
        return num_images >= self.world_size

    def split_sizes(self, num_images: int) -> list[int]:
        """How many images of a split each process evaluates, in the order of their ranks and of the images."""
        pieces = (self._piece(rank, num_images) for rank in range(self.world_size))
        return [high - low for low, high in pieces]

    def _piece(self, rank: int, size: int) -> tuple[int, int]:
        return rank * size // self.world_size, (rank + 1) * size // self.world_size
