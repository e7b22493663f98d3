"""Mean and standard deviation of each channel of uint8 images, exact over all pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.data.batches.order import epoch_order
from harness.data.pixels.sources import MemorySource, Source

if TYPE_CHECKING:
    from pathlib import Path

ROWS_AT_ONCE = 256
EXACT_GROUP = 256  # so many squares of bytes add up to less than 2^24, which float32 holds exactly
STREAM_SAMPLE = 2048

MeanStd = tuple[tuple[float, ...], tuple[float, ...]]


def channel_statistics(source: Source, rows_N: Tensor) -> MeanStd:
    """Mean and population standard deviation per channel of the chosen images, for pixels in 0..1.

    Exact, so that neither the order nor the size of the blocks can change a bit.
    """
    num_channels, num_pixels = source.shape[1], source.shape[2] * source.shape[3]
    total = torch.zeros(num_channels, dtype=torch.float64)
    squares = torch.zeros(num_channels, dtype=torch.float64)
    group = max(size for size in range(1, EXACT_GROUP + 1) if num_pixels % size == 0)
    for block in source.blocks(torch.split(rows_N, ROWS_AT_ONCE)):
        groups_NCGP = block.reshape(len(block), num_channels, -1, group).float()
        total += groups_NCGP.sum(-1).sum((0, 2), dtype=torch.float64)
        squares += groups_NCGP.square_().sum(-1).sum((0, 2), dtype=torch.float64)
    num = len(rows_N) * num_pixels
    mean = total / num
    variance = (squares / num - mean.square()).clamp(min=0)
    std = torch.where(variance > 0, variance.sqrt(), 255.0)  # a channel without contrast is only shifted
    return tuple((mean / 255).tolist()), tuple((std / 255).tolist())


def statistics_for(original: Tensor | Sequence[Path], prepared: Source, rows_N: Tensor) -> MeanStd:
    """Of the dataset's own tensor where there is one, so that they are the same at every size; else of `prepared`.

    Files that are decoded anew each time are judged by a sample, since a whole pass costs as much as an epoch.
    """
    if isinstance(original, Tensor) and original.shape[1] == prepared.shape[1]:
        return channel_statistics(MemorySource(original), rows_N)
    if isinstance(prepared, MemorySource):
        return channel_statistics(prepared, rows_N)
    sample = rows_N[epoch_order(len(rows_N), seed=0, epoch=0)[:STREAM_SAMPLE]]
    return channel_statistics(prepared, sample.sort().values)
