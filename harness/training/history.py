"""What training leaves behind: one row an epoch, and which epoch's weights were kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

HistoryRow = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class TrainingHistory:
    """One row an epoch, the epoch whose weights the model has (-1: those it began with), and how it ended.

    `earlier_seconds` is what was spent on it in processes that were stopped before its end. `processes` is how many
    trained it together, a further number for each time that it went on with more or fewer.
    """

    rows: list[HistoryRow] = field(default_factory=list)
    best_epoch: int = -1
    best_loss: float = float("inf")
    diverged: bool = False
    earlier_seconds: float = 0.0
    processes: list[int] = field(default_factory=list)

    def goes_on_with(self, num_processes: int) -> None:
        """Note that so many processes train from here on."""
        if self.processes[-1:] != [num_processes]:
            self.processes.append(num_processes)


def divergence(history: TrainingHistory) -> str:
    """Where a training that diverged did so, and what became of the model."""
    row = history.rows[-1]
    epoch = f"epoch {row['epoch'] + 1}"
    where = f"at step {row['bad_step']} of {epoch}" if "bad_step" in row else f"in the evaluation after {epoch}"
    kept = f"those of epoch {history.best_epoch + 1}" if history.best_epoch >= 0 else "those it began with"
    return f"the loss was not finite {where}; the weights kept are {kept}; try a lower --lr"


def epoch_seed(seed: int, epoch: int) -> int:
    """What torch's global generator, which dropout draws from, is seeded with as an epoch begins."""
    return (seed * 1_000_003 + epoch) % 2**63
