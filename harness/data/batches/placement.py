"""Where pixels wait for a model on an accelerator: on it where there is room, else in pinned memory, a block ahead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

import torch
from torch import Tensor

from harness.data.pixels.sources import MemorySource, Source, one_ahead

DEVICE_SHARE = 0.25  # of the accelerator's free memory, left to pixels


def place(source: Source, rows: Tensor, device: torch.device) -> tuple[Source, Tensor]:
    """The chosen rows on the device, if they fit there, with their new row numbers; else both as they were."""
    num_bytes = len(rows) * prod(source.shape[1:])
    if device.type != "cpu" and isinstance(source, MemorySource) and num_bytes <= DEVICE_SHARE * free_bytes(device):
        resident = source.pixels.index_select(0, rows).to(device)
        return MemorySource(resident), torch.arange(len(rows), device=device)
    return source, rows


def free_bytes(device: torch.device) -> int:
    """Free memory of an accelerator; 0 where it does not say."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def to_device(blocks: Iterable[Tensor], device: torch.device) -> Iterator[Tensor]:
    """The blocks on `device`, each copy under way while the caller still works on the block before it."""
    return iter(blocks) if device.type == "cpu" else one_ahead(_copied(block, device) for block in blocks)


def _copied(block: Tensor, device: torch.device) -> Tensor:
    if block.device.type != "cpu":
        return block
    if device.type != "cuda":
        return block.to(device)  # of memory that is not pinned, a copy that nobody waits for may come too late
    return block.pin_memory().to(device, non_blocking=True)
