"""Which trial of a run a worker takes next: the first in the run's order that nobody has done or is at.

Of records nothing is read but names: all of them once, as the worker begins, and later whether one is there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from results.store.claims import HEARTBEAT_S, Claim, Claims
from results.store.holder import Holder


@dataclass(slots=True, kw_only=True)
class Queue:
    """The trials of the run in the folder `run`, by the names of their files and in their order, for one worker."""

    run: Path
    trials: Sequence[str]
    device: str = ""
    heartbeat_s: float = HEARTBEAT_S
    holder: Holder = field(default_factory=Holder.this)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # At once: a worker that joins late would look for thousands of records one after the other.
        done = set(os.listdir(self.run / "records"))
        self._open = [trial for trial in self.trials if f"{trial}.json" not in done]

    @property
    def claims(self) -> Claims:
        return Claims(self.run)

    @property
    def is_over(self) -> bool:
        """Whether every trial has its record, as far as this worker has seen."""
        return not self._open

    def next(self) -> Claim | None:
        """Claim a trial; None where each that is left has its worker. Raises StoreError."""
        latest = self.claims.latest()
        now = self.claims.now() if latest else 0.0
        done = set()
        try:
            for trial in self._open:
                before = latest.get(trial)
                if before is not None and not before.is_stale(now):
                    continue
                if self.is_done(trial):
                    done.add(trial)
                    continue
                claim = self.claims.take(trial, before, self.holder, self.device, self.heartbeat_s)
                if claim is None:
                    continue
                if not self.is_done(trial):
                    return claim
                # It was recorded between the two: by who has let it go since.
                self.claims.release(claim, is_done=True)
                done.add(trial)
            return None
        finally:
            if done:
                self._open = [trial for trial in self._open if trial not in done]

    def is_done(self, trial: str) -> bool:
        """Whether the trial has its record."""
        return (self.run / "records" / f"{trial}.json").exists()
