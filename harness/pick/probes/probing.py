"""What all probes of a pick share: where they lie, what they see, and within which limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from harness.pick.probes.result import ProbeResult

if TYPE_CHECKING:
    from harness.data.dataset import Dataset
    from harness.pick.probes.image_sets import ProbeImages
    from zoo.discovery import Zoo

LIMIT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """What all probes of a pick share. `folder` is the pick's: `probes/` in it keeps what was found out, and `work/`
    hands data and features over; it may be deleted.

    `plugins` are the -p arguments. A model may take `limit_s` seconds, and `memory_mib` where that is given.
    `on_result` gets each result as soon as it is kept, `on_phase` a model and what is being done with it, `note` what a
    person should know and no result says.
    """

    folder: Path
    zoo: Zoo
    images: ProbeImages
    device: torch.device
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

    def dataset(self, stage: int) -> Dataset:
        """What the models of a stage see."""
        return self.images.first if stage == 1 else self.images.second

    def expected(self, stage: int) -> dict[str, int]:
        """Of how many images a result of the stage is, and of how many classes."""
        return {"num_images": len(self.images.judged[stage].labels), "num_classes": len(self.images.first.classes)}
