"""What is told of a run while it goes on, and the loggers that are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEvent:
    """A trial has ended and its record is on disk at `path`; `record` is that record as plain JSON data.

    `name` is the trial's, fit for a file (`mlp@s1`), and `metrics` has the median of each of the record's measurements
    by name. Where the record is written anew, since later rounds of timing came in, loggers get another event of the
    same trial, which holds; `attempt` is theirs, as in `EpochEvent`.
    """

    key: str
    model: str
    dataset: str
    seed: int
    status: str
    path: Path
    record: Mapping[str, Any]
    name: str = ""
    attempt: int = 1
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEvent:
    """An epoch of a trial has ended, the `epoch`-th of `epochs` at most, counted from 1.

    `metrics` are train_loss, val_loss, val_top1_err (percent), lr and train_images_per_sec (of the training, loading
    included). No epoch of an `attempt` comes twice, in a run that was stopped and resumed neither; a trial that
    began anew, in smaller parts or by `harness retry`, has another attempt. `fold` is None but in cross-validation.
    """

    key: str
    name: str
    model: str
    dataset: str
    seed: int
    fold: int | None
    attempt: int
    epoch: int
    epochs: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """A run that a logger is opened for: its folder's `name`, and its `run.json` as `configuration`."""

    name: str
    configuration: Mapping[str, Any]


class Logger(Protocol):
    """What a `LoggerSpec` opens; called in the order of the run, by one thread of a process of its own."""

    def epoch(self, event: EpochEvent) -> None:
        """Keep the figures of an epoch."""

    def trial(self, event: TrialEvent) -> None:
        """Keep the record of a trial."""

    def close(self) -> None:
        """Write what is not yet written: the run has ended, or was stopped and may be resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggerSpec:
    """One logger that a plugin offers: a run that is asked for it (`--logger NAME`) calls `open(folder, run)`.

    `open` is a function or its name as "module:function"; `folder` is `<run>/logs/<name>`, which is there, and may hold
    what an earlier part of the run has logged. `requires` names top-level modules without which it cannot be opened,
    `install` what pip is given to have them (by default the same names).
    """

    name: str
    open: Callable[[Path, RunEvent], Logger] | str
    summary: str = ""
    requires: tuple[str, ...] = ()
    install: str = ""
