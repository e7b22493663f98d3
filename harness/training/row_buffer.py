"""What is computed batch by batch, in one tensor from the start.

Small results kept between large blocks that come and go leave memory in pieces that fit no next block: evaluating
160,000 small images so took 400 MiB more than their own.
"""

from __future__ import annotations

import torch
from torch import Tensor


class RowBuffer:
    """`num_rows` rows, filled in order; no inference tensor, so that a head can be trained on it."""

    def __init__(self, num_rows: int) -> None:
        self.num_rows, self.num_filled = num_rows, 0
        self.kept: Tensor | None = None

    def add(self, rows: Tensor) -> None:
        """Copy the next rows in."""
        if self.kept is None:
            with torch.inference_mode(False):
                self.kept = torch.empty(self.num_rows, *rows.shape[1:], dtype=rows.dtype, device=rows.device)
        self.kept[self.num_filled : self.num_filled + len(rows)] = rows
        self.num_filled += len(rows)

    def whole(self) -> Tensor:
        """The rows that came."""
        assert self.kept is not None
        return self.kept[: self.num_filled]
