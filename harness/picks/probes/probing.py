"""What all probes of a pick share: where they lie, what they see, and within which limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from harness.picks.probes.result import ProbeResult

if TYPE_CHECKING:
    from harness.data.dataset import Dataset
    from harness.picks.probes.image_sets import ProbeImages
    from zoo.discovery import Zoo

LIMIT_S = 600.0
MOST_PROCESSES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """What all probes of a pick share. `folder` is the pick's: `probes/` in it keeps what was found out, and `work/`
    hands data and features over; it may be deleted.

    `num_threads` are shared out: on a CPU several processes probe at a time, so that all cores work while models are
    built. `plugins` are the -p arguments. A model may take `limit_s` seconds, and `memory_mib` where that is given.
    `on_result` gets each result as soon as it is kept, `on_phase` a model and what is being done with it, both from the
    threads that wait for the processes; `note` what a person should know and no result says.
    """

    folder: Path
    zoo: Zoo
    images: ProbeImages
    device: torch.device
    num_threads: int = field(default_factory=torch.get_num_threads)
    plugins: tuple[str, ...] = ()
    limit_s: float = LIMIT_S
    memory_mib: int | None = None
    on_result: Callable[[ProbeResult], None] = lambda result: None
    on_phase: Callable[[str, str], None] = lambda model, phase: None
    note: Callable[[str], None] = lambda text: None

    @property
    def probes(self) -> Path:
        """The folder of the results."""
        return self.folder / "probes"

    @property
    def num_processes(self) -> int:
        """How many probe at a time: one of an accelerator's, which they would share."""
        return min(self.num_threads, MOST_PROCESSES) if self.device.type == "cpu" else 1

    @property
    def threads_each(self) -> int:
        """Threads of each process. However few models there are: their number must not decide a bit."""
        return self.num_threads // self.num_processes

    def dataset(self, stage: int) -> Dataset:
        """What the models of a stage see."""
        return self.images.first if stage == 1 else self.images.second

    def expected(self, stage: int) -> dict[str, int]:
        """Of how many images a result of the stage is, and of how many classes."""
        return {"num_images": len(self.images.judged[stage].labels), "num_classes": len(self.images.first.classes)}
