# ruff: noqa: TID253
"""The losses of one epoch's steps, left on the device until the epoch ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(slots=True)
class Losses:
    """One loss and the number of its images for each step; fetching one a step would make the host wait each time."""

    values: list[Tensor] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, loss: Tensor, size: int) -> None:
        """Take down the loss of one more step over `size` images."""
        self.values.append(loss)
        self.sizes.append(size)

    def fetch(self) -> tuple[float, int | None]:
        """The mean loss over images, and the first step, from 1, whose loss was not finite (None: all were)."""
        losses, weights = torch.stack(self.values).cpu().double(), torch.tensor(self.sizes, dtype=torch.float64)
        bad = (~losses.isfinite()).nonzero()
        return float((losses * weights).sum() / weights.sum()), int(bad[0]) + 1 if len(bad) else None
