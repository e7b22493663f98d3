"""What a trial works with, beside what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from zoo.manager import switches

if TYPE_CHECKING:
    from harness.data.dataset import Dataset
    from harness.training.ddp.peers import Peers
    from harness.training.feature_store import FeatureStore
    from zoo.manager.switches import Values


@dataclass(slots=True, kw_only=True)
class Notes:
    """What a person must know of how a trial's figures came about: said at once, and kept for its record."""

    say: Callable[[str], None] = lambda text: None
    kept: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Say it, once."""
        if text not in self.kept:
            self.kept.append(text)
            self.say(text)

    @property
    def facts(self) -> dict[str, str]:
        """The fact of the record; none where there was nothing to say."""
        return {"notes": "; ".join(self.kept)} if self.kept else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialContext:
    """The data, the device that trains and those that are timed, and features that other trials have computed.

    Its times are the first of `rounds`; where `timed_on` is empty, all of them are taken in processes of their own.

    `switches` are torch's process-wide ones as every trial begins with them, before its plugin was imported.

    `peers` are the processes that train the model together, None where there is one.
    """

    dataset: Dataset
    device: torch.device
    timed_on: tuple[torch.device, ...]
    features: FeatureStore
    rounds: int = 1
    notes: Notes = field(default_factory=Notes)
    switches: Values = field(default_factory=switches.read)
    peers: Peers | None = None

    def put_switches_back(self, when: str) -> None:
        """Set torch's switches as they were at the beginning, and say which the trial's code has changed."""
        changed = switches.put_back(self.switches)
        if changed:
            self.notes.add(f"its code changed {', '.join(changed)} {when}: put back")
