"""Which images form which batch: a function of (seed, epoch) alone, with no loader state to lose."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def generator(*key: object) -> torch.Generator:
    """A CPU generator of its own for what `key` names; no global state is read or changed."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def epoch_order(num_images: int, seed: int, epoch: int) -> Tensor:
    """The order [N] in which an epoch visits the images."""
    return torch.randperm(num_images, generator=generator("order", seed, epoch))


def batch_sizes(num_images: int, batch_size: int) -> list[int]:
    """Sizes of an epoch's training batches. A single image left over joins the batch before it, since batch
    normalisation fails on one value per channel; a set smaller than a batch makes one smaller batch.
    """
    num_full, rest = divmod(num_images, batch_size)
    sizes = [batch_size] * num_full
    if rest == 1 and sizes:
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return sizes


def part_sizes(num_images: int, parts: int) -> list[int]:
    """Sizes of the passes that a batch is split into: as many as `parts`, of equal size but for one image.

    There are fewer where a pass would have a single image, which batch normalisation cannot take.
    """
    num_parts = max(1, min(parts, num_images // 2))
    size, rest = divmod(num_images, num_parts)
    return [size + 1] * rest + [size] * (num_parts - rest)


def blocks(sizes: list[int], images_per_block: int) -> list[list[int]]:
    """Successive batches grouped so that a block has about `images_per_block` images and at least one batch."""
    grouped: list[list[int]] = [[]]
    for size in sizes:
        if grouped[-1] and sum(grouped[-1]) + size > images_per_block:
            grouped.append([])
        grouped[-1].append(size)
    return grouped if grouped[0] else []
