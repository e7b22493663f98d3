"""What a trial's process is given, as JSON: the trial, where its data lie, and within which limits it works."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from harness.plan.config import Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

DESCRIPTION = "dataset.json"  # of the dataset, in the folder `data`


def threads_each(num_threads: int, nproc: int) -> int:
    """How many threads each of `nproc` processes has, of so many in all; one at least."""
    return max(1, num_threads // nproc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One trial for one process.

    `plugins` are the -p arguments and `owner` the plugin that has the model: it alone is loaded. `plugin_files` has the
    SHA-256 of each of its files, `weights_sha256` that of the weights file ("" without one). `data`, `features`, `work`
    and `progress` are folders of the run. Every `progress_s` seconds at most it says how far an epoch is (0: never).
    `memory_mib` is what the trial may take, None without a limit. `nproc` processes train it together, each with its
    part of the threads and of that memory.

    Where `checkpoint` is a folder, the trained model in it is timed, and nothing trained. The process takes `rounds`
    rounds of timing on `timed_on`, of `rounds_in_all` that the trial has; a trial with no device there is not timed in
    its own process, whose allocator keeps freed memory.
    """

    trial: Trial
    owner: str
    owner_source: str
    plugins: tuple[str, ...]
    plugin_files: Mapping[str, str]
    weights_sha256: str
    device: str
    timed_on: tuple[str, ...]
    num_threads: int
    fingerprint: str
    data: str
    features: str
    work: str
    progress: str
    checkpoint_s: float
    progress_s: float = 0.0
    memory_mib: int | None = None
    nproc: int = 1
    check_determinism: bool = False
    checkpoint: str = ""
    rounds: int = 1
    rounds_in_all: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def threads_each(self) -> int:
        """Threads of each process while it trains."""
        return threads_each(self.num_threads, self.nproc)

    def to_json(self) -> str:
        """As text. A process's own environment is part of it, which is why it is never written to a file."""
        return json.dumps(asdict(self) | {"trial": self.trial.as_json()})

    @classmethod
    def from_json(cls, text: str) -> Job:
        """What `to_json` wrote."""
        values = json.loads(text)
        for name in ("plugins", "timed_on"):
            values[name] = tuple(values[name])
        return cls(**values | {"trial": Trial.from_json(values["trial"])})
