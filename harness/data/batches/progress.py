"""How far an epoch is, said now and then for a live screen. It asks the clock alone: the device is never waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.data.batches.batches import Batch


@dataclass(slots=True, kw_only=True)
class EpochProgress:
    """Tells of batches at most every `every_s` seconds.

    `images_per_s` are those of the epoch so far, in this process; `wait_share` is the part of its time in which the
    loop waited for a batch. Where a device works on by itself that is the host's time, and no loss as long as the
    device has work.
    """

    tell: Callable[[Mapping[str, float]], None]
    every_s: float
    _told: float = field(default=0.0, init=False)

    def of(self, batches: Iterable[Batch], epoch: int, num_done: int, num_batches: int) -> Iterator[Batch]:
        """The batches as they are; `num_done` of the epoch's lie behind."""
        begun = asked = perf_counter()
        waited, num_images = 0.0, 0
        for number, batch in enumerate(batches, num_done):
            now = perf_counter()
            waited += now - asked
            if now - self._told >= self.every_s and num_images:
                self._told, spent = now, now - begun
                figures = {"epoch": epoch, "batch": number, "batches": num_batches}
                self.tell({**figures, "images_per_s": num_images / spent, "wait_share": waited / spent})
            num_images += len(batch[1])
            yield batch
            asked = perf_counter()
