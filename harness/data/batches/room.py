"""Whether there is room to keep features: they ask for it as pixels do, before the first of them is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.data.batches.placement import free_bytes
from harness.machine.oom import is_out_of_memory
from harness.machine.system import free_memory
from zoo.manager.memory_limit import room_below_limit

if TYPE_CHECKING:
    from torch import Tensor

SHARE = 0.5  # of what is free: a head trains on little more than its features
MIB = 2**20


class NoRoom(Exception):
    """The features would take more memory than there is for them."""


def require_room(some: Tensor, num_rows: int) -> None:
    """Raise NoRoom unless `num_rows` rows such as those of `some` may be kept where they lie."""
    needed = some[:1].nbytes * num_rows
    on_cpu = some.device.type == "cpu"
    free = min(free_memory(), room_below_limit()) if on_cpu else free_bytes(some.device)
    known = on_cpu or free > 0  # an accelerator that does not tell is asked by trying
    if known and needed > SHARE * free:
        shape = "x".join(str(side) for side in some.shape[1:])
        cause = f"{num_rows:,} times {shape} numbers take {needed / MIB:,.0f} MiB, half of what is free is"
        raise NoRoom(f"{cause} {SHARE * free / MIB:,.0f} MiB")


def want_of_room(error: Exception) -> str:
    """What to say where `error` means that features have no room; "" where it means anything else."""
    if isinstance(error, NoRoom):
        return str(error)
    return "memory ran out while they were computed" if is_out_of_memory(error) else ""
