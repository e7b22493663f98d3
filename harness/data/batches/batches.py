"""What the loop consumes: batches of normalised images or cached features, in an order that (seed, epoch) decides.

Rows are gathered, converted and normalised a block of many batches at a time; a batch is a view of its block. Blocks
get new memory and are never overwritten, so a batch may be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod
from typing import Protocol

import torch
from torch import Tensor

from harness.data.batches.augment import draw
from harness.data.batches.normalize import Normalizer
from harness.data.batches.order import batch_sizes, blocks, epoch_order, part_sizes
from harness.data.batches.placement import place, to_device
from harness.data.batches.share import Share
from harness.data.pixels.sources import MemorySource, Source

Batch = tuple[Tensor, Tensor]
Augment = Callable[[Tensor, Tensor], Tensor]

# Bytes of floats in one block: on a CPU it should stay in its cache, an accelerator wants few launches.
CPU_BLOCK_BYTES = 2 * 2**20
DEVICE_BLOCK_BYTES = 64 * 2**20
CPU_EVAL_BYTES = 8 * 2**20
LEAST_CPU_EVAL = 8  # images: fewer read the weights too often
# Images, however small they are: what a model makes of one does not shrink with its bytes. 64 MiB are 21,399 grey
# images of 28 x 28 pixels, and 64 channels of a first layer over all of those would take 4 GiB.
MOST_EVAL = 1024


class Batches(Protocol):
    """Batches of one split: `train` shuffled by epoch, `eval` in the split's own order.

    With a `share` both give this process's images alone; numbers and sizes are still those of all processes.
    """

    @property
    def share(self) -> Share | None: ...

    @property
    def num_batches(self) -> int:
        """Training batches in an epoch."""
        ...

    @property
    def sizes(self) -> list[int]:
        """How many images each of them has."""
        ...

    @property
    def num_images(self) -> int: ...

    def train(self, epoch: int) -> Iterator[Batch]: ...

    def eval(self) -> Iterator[Batch]: ...


class _Counted:
    """How much there is, of what has labels and a batch size."""

    labels: Tensor
    batch_size: int

    @property
    def num_batches(self) -> int:
        return len(self.sizes)

    @property
    def sizes(self) -> list[int]:
        return batch_sizes(len(self.labels), self.batch_size)

    @property
    def num_images(self) -> int:
        return len(self.labels)


class PixelBatches(_Counted):
    """Batches of uint8 images. `rows` chooses images of the set; `labels` has one label for each chosen one."""

    def __init__(
        self,
        images: Tensor | Source,
        labels: Tensor | Sequence[int],
        *,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        channels_out: int,
        batch_size: int,
        device: torch.device | str = "cpu",
        memory_format: torch.memory_format = torch.contiguous_format,
        seed: int = 0,
        augment: Augment | None = None,
        rows: Tensor | Sequence[int] | None = None,
        eval_batch_size: int | None = None,
        share: Share | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.labels = torch.as_tensor(labels, dtype=torch.int64).to(self.device)
        source = MemorySource(images) if isinstance(images, Tensor) else images
        chosen = torch.arange(source.shape[0]) if rows is None else torch.as_tensor(rows, dtype=torch.int64)
        self.source, self.rows = place(source, chosen, self.device)
        self.normalize = Normalizer(mean, std, channels_out, self.device, memory_format)
        self.batch_size, self.seed, self.augment = batch_size, seed, augment
        self.image_bytes = 4 * channels_out * prod(source.shape[2:])
        self.eval_batch_size, self.share = eval_batch_size, share

    def train(self, epoch: int) -> Iterator[Batch]:
        order = epoch_order(len(self.labels), self.seed, epoch)
        draws = draw(len(order), self.seed, epoch) if self.augment else None
        sizes = self.sizes
        if self.share:
            own, sizes = self.share.of_epoch(sizes)
            order, draws = order[own], draws[own] if draws is not None else None
        return self._batches(order, sizes, draws)

    def eval(self, cpu_bytes: int = CPU_EVAL_BYTES) -> Iterator[Batch]:
        """On a CPU a batch has about `cpu_bytes` of floats and `MOST_EVAL` images at most, or `eval_batch_size`."""
        num_images = len(self.labels)
        order = torch.tensor(self.share.of_split(num_images)) if self.share else torch.arange(num_images)
        return self._batches(order, _eval_sizes(len(order), self.eval_batch_size or self._large_batch(cpu_bytes)), None)

    def _batches(self, order: Tensor, sizes: list[int], draws: Tensor | None) -> Iterator[Batch]:
        block_bytes = CPU_BLOCK_BYTES if self.device.type == "cpu" else DEVICE_BLOCK_BYTES
        grouped = blocks(sizes, block_bytes // self.image_bytes)
        totals = [sum(group) for group in grouped]
        labels = torch.split(self.labels[order.to(self.device)], totals)
        draws_of = torch.split(draws, totals) if draws is not None else [None] * len(totals)
        pixels = to_device(self.source.blocks(torch.split(self.rows[order], totals)), self.device)
        for block, labels_n, draws_n, group in zip(pixels, labels, draws_of, grouped, strict=True):
            seen = self.augment(block, draws_n) if self.augment and draws_n is not None else block
            yield from zip(torch.split(self.normalize(seen), group), torch.split(labels_n, group), strict=True)

    def _large_batch(self, cpu_bytes: int) -> int:
        return large_batch(self.image_bytes, self.batch_size, self.device.type, cpu_bytes)


class TensorBatches(_Counted):
    """Batches of floats that need no more work, such as cached features, in the order `PixelBatches` has."""

    share: Share | None = None

    def __init__(
        self,
        inputs: Tensor,
        labels: Tensor | Sequence[int],
        *,
        batch_size: int,
        device: torch.device | str = "cpu",
        seed: int = 0,
    ) -> None:
        self.inputs = inputs.to(device)
        self.labels = torch.as_tensor(labels, dtype=torch.int64).to(device)
        self.batch_size, self.seed = batch_size, seed

    def train(self, epoch: int) -> Iterator[Batch]:
        order = epoch_order(len(self.labels), self.seed, epoch).to(self.labels.device)
        labels = self.labels[order]
        sizes = self.sizes
        inputs = (self.inputs.index_select(0, rows) for rows in torch.split(order, sizes))
        return zip(inputs, torch.split(labels, sizes), strict=True)

    def eval(self) -> Iterator[Batch]:
        size = max(self.batch_size, 1024)
        return zip(torch.split(self.inputs, size), torch.split(self.labels, size), strict=True)


def large_batch(image_bytes: int, batch_size: int, device_type: str, cpu_bytes: int = CPU_EVAL_BYTES) -> int:
    """Images in a batch that trains nothing, each of `image_bytes` of floats."""
    if device_type == "cpu":
        return max(LEAST_CPU_EVAL, min(cpu_bytes // image_bytes, MOST_EVAL))
    return max(batch_size, min(DEVICE_BLOCK_BYTES // image_bytes, MOST_EVAL))


def in_parts(images_BCHW: Tensor, labels_B: Tensor, parts: int) -> Iterable[Batch]:
    """The batch in `parts` pieces at most; as it is where that is one, since views cost 20 microseconds a step."""
    if parts == 1:
        return ((images_BCHW, labels_B),)
    sizes = part_sizes(len(labels_B), parts)
    return zip(torch.split(images_BCHW, sizes), torch.split(labels_B, sizes), strict=True)


def _eval_sizes(num_images: int, size: int) -> list[int]:
    full, rest = divmod(num_images, size)
    return [size] * full + [rest] * bool(rest)
