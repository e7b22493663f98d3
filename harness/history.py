"""What training leaves behind: one row an epoch, and which epoch's weights were kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

HistoryRow = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Fit:
    """One row an epoch, the epoch whose weights the model has (-1: those it began with), and how it ended."""

    history: list[HistoryRow] = field(default_factory=list)
    best_epoch: int = -1
    best_loss: float = float("inf")
    diverged: bool = False


def epoch_seed(seed: int, epoch: int) -> int:
    """What torch's global generator, which dropout draws from, is seeded with as an epoch begins."""
    return (seed * 1_000_003 + epoch) % 2**63
