"""What a process knows of the others that train the same model, and what it may ask of all of them at once.

Every method but `share` is collective: each process has to call it, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional

from harness.data.batches.share import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Process `rank` of `world_size`, all of them in torch's default process group."""

    rank: int
    world_size: int

    def share(self, passes: int = 1) -> Share:
        """This process's images."""
        return Share(rank=self.rank, world_size=self.world_size, passes=passes)

    def add_up(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, in place; the same to the bit in each of them."""
        dist.all_reduce(tensor)
        return tensor

    def align(self, tensors: Iterable[Tensor]) -> None:
        """Let all have what the first process has, in place."""
        for tensor in tensors:
            dist.broadcast(tensor.detach(), 0)

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """Within, the first process comes before all others: they find what it has downloaded or decoded."""
        if self.rank:
            dist.barrier()
        yield
        if not self.rank:
            dist.barrier()


def gather_rows(rows: Tensor, share: Share, num_rows: int) -> Tensor:
    """All [num_rows, ...] of which `rows` are this process's, in their order, without any twice. Collective.

    Only what is sent is padded, to one length: a row that was not computed reaches nobody.
    """
    if not share.divides(num_rows):
        return rows
    sizes = share.split_sizes(num_rows)
    longest = max(sizes)
    sent = functional.pad(rows, (0, 0) * (rows.dim() - 1) + (0, longest - len(rows))).contiguous()
    received = [torch.empty_like(sent) for _ in sizes]
    dist.all_gather(received, sent)
    return torch.cat([piece[:size] for piece, size in zip(received, sizes, strict=True)])
