"""Who of several workers carries out which trial of a run: a file each in its folder, with a heartbeat.

A claim is made by creating its file, which on any disk succeeds for one process only. Its modification time is the
last sign of life; what is older than three heartbeats, by the clock of that very disk, may be taken over. Each
taking-over is a file of its own, `<trial>.<turn>`, created in the same way: nothing that somebody holds is ever
renamed or removed by another, so that no two can take one over both.

A trial that is carried out twice all the same costs time and no more: its first record stays.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from results.errors import StoreError
from results.store.atomic import make_folder, read_regular, refuse_link
from results.store.holder import Holder

FOLDER = "claims"
WORKERS = "workers"  # what they need while they work: a folder each, and the files of the data for all
HEARTBEAT_S = 20.0
BEATS_MISSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A trial that a worker is at, by the name of its files; `turn` counts those that it was taken over.

    `beat` is its last sign of life, in seconds of the folder's own clock; one is due every `heartbeat_s`. A holder of
    None has not said yet who it is.
    """

    trial: str
    turn: int
    beat: float
    holder: Holder | None = None
    device: str = ""
    heartbeat_s: float = HEARTBEAT_S

    def is_stale(self, now: float) -> bool:
        """Whether another may take it over at `now`, by the folder's clock."""
        return (self.holder is not None and self.holder.is_gone) or now - self.beat > BEATS_MISSED * self.heartbeat_s


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims in the folder of a run."""

    run: Path

    @property
    def folder(self) -> Path:
        return self.run / FOLDER

    def latest(self) -> dict[str, Claim]:
        """The last claim of each trial that has any."""
        claims: dict[str, Claim] = {}
        for claim in self._all():
            if claim.trial not in claims or claims[claim.trial].turn < claim.turn:
                claims[claim.trial] = claim
        return claims

    def live(self) -> list[Claim]:
        """Those of workers that are at work, as far as can be told."""
        claims = self.latest()
        now = self.now() if claims else 0.0
        return [claim for claim in claims.values() if not claim.is_stale(now)]

    def now(self) -> float:
        """The time by the clock of the folder's disk: clocks of several hosts differ. Raises StoreError."""
        path = self.folder / f".clock-{os.getpid()}"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            try:
                os.utime(handle)
                return os.fstat(handle).st_mtime
            finally:
                os.close(handle)
                path.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(path, error) from error

    def take(self, trial: str, before: Claim | None, holder: Holder, device: str, heartbeat_s: float) -> Claim | None:
        """Claim a trial whose last claim, `before`, is stale or was never made; None where another was quicker.

        Raises StoreError where the folder cannot be written.
        """
        refuse_link(self.folder)
        make_folder(self.folder)
        turn = 0 if before is None else before.turn + 1
        path = self._path(trial, turn)
        content = {**holder.as_json(), "device": device, "heartbeat_s": heartbeat_s}
        try:
            with open(path, "x", encoding="ascii", opener=_private) as file:
                file.write(json.dumps(content))
        except FileExistsError:
            return None
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            raise _unwritable(path, error) from error
        beat = path.stat().st_mtime
        return Claim(trial=trial, turn=turn, beat=beat, holder=holder, device=device, heartbeat_s=heartbeat_s)

    def beat(self, claim: Claim) -> bool:
        """Show that the worker lives; False where its claim is gone: another took the trial over, and has ended it."""
        try:
            os.utime(self._path(claim.trial, claim.turn), follow_symlinks=False)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # a disk that does not answer just now: others may take over, which costs time and no more
        return True

    def release(self, claim: Claim, *, is_done: bool) -> None:
        """Let a claim go. Where the trial `is_done`, those that it was taken over from go too, the last one last."""
        for turn in range(claim.turn + 1) if is_done else [claim.turn]:
            with suppress(OSError):
                self._path(claim.trial, turn).unlink()

    def clear(self) -> None:
        """Remove what workers have left in the run's folder, claims and files; none may be at work."""
        for name in (FOLDER, WORKERS):
            refuse_link(self.run / name)
            shutil.rmtree(self.run / name, ignore_errors=True)

    def _all(self) -> Iterator[Claim]:
        try:
            entries = list(os.scandir(self.folder))
        except OSError:
            return
        for entry in entries:
            trial, _, turn = entry.name.rpartition(".")
            if trial and turn.isdecimal():
                with suppress(FileNotFoundError):  # it was released meanwhile
                    yield _read(entry, trial, int(turn))

    def _path(self, trial: str, turn: int) -> Path:
        return self.folder / f"{trial}.{turn}"


def _read(entry: os.DirEntry[str], trial: str, turn: int) -> Claim:
    """A claim from its file; of one that is just being made, or is damaged, only when it was."""
    beat = entry.stat(follow_symlinks=False).st_mtime
    with suppress(ValueError, KeyError, TypeError, StoreError):
        said: Mapping[str, object] = json.loads(read_regular(Path(entry.path)))
        return Claim(
            trial=trial,
            turn=turn,
            beat=beat,
            holder=Holder.from_json(said),
            device=str(said["device"]),
            heartbeat_s=float(str(said["heartbeat_s"])),
        )
    return Claim(trial=trial, turn=turn, beat=beat)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)


def _unwritable(path: Path, error: OSError) -> StoreError:
    cause = f"{path} cannot be written: {error.strerror}"
    return StoreError(cause, "a worker needs a folder of the run that it can write to, with room on its disk")
