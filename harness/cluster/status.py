"""How far a run is that workers carry out: what is done, who is at what, who gives no sign of life, how long it takes.

Names and times of files are all that is looked at, so that a run of 20,000 trials is answered at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from harness.plan.config import called
from results.errors import StoreError
from results.sanitize import plain
from results.store.claims import Claims
from results.store.file_names import trial_slug
from results.tables.number_format import counted, duration
from results.tables.text import aligned

if TYPE_CHECKING:
    from pathlib import Path

    from results.store.run_store import RunStore

# The pace is that of the last so many records: what went before a pause says nothing of it.
PACE_OF = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """A worker at a trial that was taken over `turn` times; its last sign of life is `seconds_since_beat` old."""

    trial: str
    host: str
    pid: int | None
    device: str
    seconds_since_beat: float
    is_stale: bool
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A run in progress. `failed` counts trials with a log of what went wrong, `seconds_left` is None where unknown.

    `own_clock` says that signs of life were judged by this machine's clock, since the folder cannot be written.
    """

    run: str
    trials: int
    done: int
    failed: int
    workers: Sequence[AtWork]
    seconds_left: float | None
    own_clock: bool

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def status_of(store: RunStore) -> Status:
    """The run in `store` as it is now. Raises StoreError where it cannot be read."""
    names = {trial_slug(row["model"], row["seed"], row.get("fold")): row for row in store.configuration["trials"]}
    ended = _times(store.path / "records")
    done = [ended[f"{name}.json"] for name in names if f"{name}.json" in ended]
    claims = [claim for claim in Claims(store.path).latest().values() if f"{claim.trial}.json" not in ended]
    now, own_clock = _now(store)
    workers = tuple(
        AtWork(
            trial=_called(names.get(claim.trial), claim.trial),
            host=claim.holder.host if claim.holder else "",
            pid=claim.holder.pid if claim.holder else None,
            device=claim.device,
            seconds_since_beat=round(max(0.0, now - claim.beat), 1),
            is_stale=claim.is_stale(now),
            turn=claim.turn,
        )
        for claim in sorted(claims, key=lambda claim: (claim.is_stale(now), claim.trial))
    )
    is_going = any(not worker.is_stale for worker in workers)
    return Status(
        run=str(store.path),
        trials=len(names),
        done=len(done),
        failed=sum(name.removesuffix(".txt") in names for name in _times(store.path / "failures")),
        workers=workers,
        seconds_left=_seconds_left(sorted(done), len(names) - len(done), now) if is_going else None,
        own_clock=own_clock,
    )


def lines(status: Status) -> list[str]:
    """The status in words."""
    stale = sum(worker.is_stale for worker in status.workers)
    parts = [f"{status.done:,} of {counted(status.trials, 'trial')} done"]
    parts += [f"{status.failed} with a log of what went wrong"] if status.failed else []
    parts += [f"{counted(len(status.workers) - stale, 'worker')} at work", *([f"{stale} stale"] if stale else [])]
    said = [f"{plain(status.run)}: {' · '.join(parts)}"]
    said += aligned([_row(worker) for worker in status.workers])
    if status.done == status.trials:
        said.append(
            f"every trial has its record; what is missing of times and tables: harness resume {plain(status.run)}"
        )
    elif len(status.workers) == stale:
        said.append(f"nobody works on it; go on with: harness worker {plain(status.run)}, or harness resume")
    elif status.seconds_left is not None:
        pace = counted(min(status.done, PACE_OF), "trial")
        said.append(f"about {duration(status.seconds_left)} left, at the pace of the last {pace}")
    if status.own_clock:
        said.append("signs of life are judged by this machine's clock: the run's folder cannot be written")
    return said


def _row(worker: AtWork) -> list[str]:
    who = f"{worker.host} ({worker.pid})" if worker.pid is not None else "?"
    said = [*(["stale"] if worker.is_stale else []), f"last sign of life {duration(worker.seconds_since_beat)} ago"]
    said += [f"taken over {counted(worker.turn, 'time')}"] if worker.turn else []
    return [f"  {plain(who)}", plain(worker.device), plain(worker.trial), ", ".join(said)]


def _seconds_left(ended: Sequence[float], num_left: int, now: float) -> float | None:
    """What is left at the pace of the last records, up to now; None after fewer than two."""
    last = ended[-PACE_OF:]
    return None if len(last) < 2 else num_left * (now - last[0]) / (len(last) - 1)


def _times(folder: Path) -> dict[str, float]:
    """When each file of the folder was written, by its name; none where there is no folder."""
    times = {}
    with suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):  # it was moved meanwhile
                times[entry.name] = entry.stat(follow_symlinks=False).st_mtime
    return times


def _now(store: RunStore) -> tuple[float, bool]:
    """The time by the clock of the run's disk; by our own where nothing can be written there."""
    claims = Claims(store.path)
    if not claims.folder.is_dir():
        return datetime.now(UTC).timestamp(), False
    try:
        return claims.now(), False
    except StoreError:
        return datetime.now(UTC).timestamp(), True


def _called(row: Mapping[str, Any] | None, name: str) -> str:
    return called(row["model"], row["seed"], row.get("fold")) if row else name
