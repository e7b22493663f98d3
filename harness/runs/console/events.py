"""What happens in a run, as frozen data: each way of showing it takes of these what it needs.

With `--log json` they are what a program reads: docs/events.md describes every field, and a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

from harness.plan.config import called

if TYPE_CHECKING:
    from harness.plan.trials import Planned
    from harness.runs.context import RunContext
    from results.records import Record


class Left(Protocol):
    """How long the rest of a run takes: None where nothing is known; less where a training may stop early."""

    @property
    def seconds(self) -> float | None: ...

    @property
    def may_stop(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run begins or goes on: `trials` are all that it has, `done` of them have their record."""

    store: str
    dataset: str
    classes: int
    images: Mapping[str, int]
    fingerprint: str
    device: str
    memory_gib: float | None
    models: int
    trials: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Words for people: a warning, a hint, what became of something."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Work that is no trial, with a name and a total (0: unknown): `done` of it lie behind.

    `line` is what a plain log says of it. While it `is_timed`, nothing may be drawn.
    """

    name: str
    done: int = 0
    total: int = 0
    unit: str = ""
    detail: str = ""
    line: str = field(default="", metadata={"for_people": True})
    is_timed: bool = field(default=False, metadata={"for_people": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTrial:
    """Which trial it is about."""

    model: str
    seed: int
    fold: int | None = None

    @property
    def label(self) -> str:
        return called(self.model, self.seed, self.fold)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStarted(OfTrial):
    """A trial begins, the `number`th of the run's."""

    number: int
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase(OfTrial):
    """A trial has come to this part of its work."""

    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(OfTrial):
    """How far an epoch is, for a live screen alone; `wait_share` is the part of its time that went by for batches."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    images_per_s: float
    wait_share: float
    memory_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch(OfTrial):
    """An epoch has ended; epochs count from 1. `seconds_left` are those of the whole run."""

    epoch: int
    epochs: int
    train_loss: float
    eval_loss: float
    eval_top1: float
    lr: float | None
    train_seconds: float
    eval_seconds: float
    seconds_left: float | None = None
    at_most: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEnded(OfTrial):
    """A trial's record is on disk. `phase` and `cause` are those of what went wrong."""

    status: str
    phase: str | None
    cause: str | None
    epochs: int
    best_epoch: int | None
    val_top1_err: float | None
    total_seconds: float | None
    timing_error: str | None
    seconds_left: float | None = None
    at_most: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run has come to its end, and has its tables; `counts` says how many trials came to which status."""

    store: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A run was interrupted; `resume` is the command that goes on with it."""

    store: str
    resume: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The command ends with an error, as its exit code says."""

    cause: str
    remedy: str
    exit_code: int


Event = Started | Note | Stage | TrialStarted | Phase | Progress | Epoch | TrialEnded | Ended | Stopped | Failed
NAMES: Mapping[type, str] = {
    Started: "started",
    Note: "note",
    Stage: "stage",
    TrialStarted: "trial_started",
    Phase: "phase",
    Epoch: "epoch",
    TrialEnded: "trial_ended",
    Ended: "ended",
    Stopped: "stopped",
    Failed: "error",
}


def fields_of(kind: type) -> list[str]:
    """The fields of an event that a program gets."""
    return [one.name for one in fields(kind) if not one.metadata.get("for_people")]


def as_json(event: Event, time: str) -> dict[str, Any]:
    """An event as plain data; a number that JSON lacks (of a training that diverged) is null."""
    values = {name: getattr(event, name) for name in fields_of(type(event))}
    return {"time": time, "event": NAMES[type(event)], **{name: _plain(value) for name, value in values.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value


def started(context: RunContext, planned: Sequence[Planned], store: str, num_done: int) -> Started:
    """A run before its first trial."""
    dataset, accelerators = context.dataset, context.machine["accelerators"]
    return Started(
        store=store,
        dataset=dataset.name,
        classes=len(dataset.classes),
        images=dict(dataset.counts),
        fingerprint=dataset.fingerprint,
        device=str(context.device),
        memory_gib=accelerators[0].get("memory_gib") if accelerators else context.machine["memory_gib"],
        models=len({item.trial.model for item in planned}),
        trials=len(planned),
        done=num_done,
    )


def of_trial(item: Planned) -> dict[str, Any]:
    """The fields that say which trial it is."""
    return {"model": item.trial.model, "seed": item.trial.seed, "fold": item.trial.fold}


def epoch(item: Planned, row: Mapping[str, Any], left: Left) -> Epoch:
    """An epoch's row as a child has sent it."""
    figures = {name: row[name] for name in ("train_loss", "eval_loss", "eval_top1", "train_seconds", "eval_seconds")}
    return Epoch(
        **of_trial(item),
        epoch=row["epoch"] + 1,
        epochs=item.trial.train.epochs,
        lr=row.get("lr"),
        seconds_left=left.seconds,
        at_most=left.may_stop,
        **figures,
    )


def trial_ended(item: Planned, record: Record, left: Left) -> TrialEnded:
    """What came of a trial, as its record has it."""
    error, seconds = record.measured("val_top1_err"), record.measured("total_seconds")
    best = record.facts.get("best_epoch")
    return TrialEnded(
        **of_trial(item),
        status=record.status,
        phase=record.error.phase if record.error else None,
        cause=record.error.cause if record.error else None,
        epochs=len(record.history),
        best_epoch=None if best is None else best + 1,
        val_top1_err=error.median if error else None,
        total_seconds=seconds.median if seconds else None,
        timing_error=record.facts.get("timing_error"),
        seconds_left=left.seconds,
        at_most=left.may_stop,
    )
