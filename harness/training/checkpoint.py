"""Checkpoints within a trial: a training that was stopped or killed goes on from the last of them, to the bit."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load as read_safetensors
from safetensors.torch import save as safetensors_bytes

from harness.plan.changes import refuse_changes
from results.store.atomic import make_folder, read_regular, write_atomic
from zoo.errors import ZooError

if TYPE_CHECKING:
    from harness.training.state import TrainingState

KEPT = 2
# safetensors has no checksum, and loads a flipped bit in silence: the name of the file holds its hash.
NAME = re.compile(r"(\d{9})-([0-9a-f]{64})\.safetensors")


class Stopped(Exception):
    """Training was asked to stop, and its checkpoint is on disk."""


class TrainingCheckpoints:
    """Writes and finds the checkpoints of one trial.

    `identity` says which trial on which data they belong to: one of another trial is refused. Within an epoch one is
    written every `every_s` seconds, and at an epoch's end unless the last is younger than `min_gap_s`: three copies
    of a model can take longer to write than an epoch takes. `on_note` gets what a person should know.
    """

    def __init__(
        self,
        folder: Path,
        identity: Mapping[str, Any],
        *,
        every_s: float = 300.0,
        min_gap_s: float = 10.0,
        on_note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.folder, self.identity, self.on_note = folder, dict(identity), on_note
        self.every_s, self.min_gap_s = every_s, min_gap_s
        self.began = self.written_at = perf_counter()
        self.is_stopping = False

    def request_stop(self) -> None:
        """Let training save itself after the present step and raise Stopped; a signal handler may call this."""
        self.is_stopping = True

    def after_step(self, state: TrainingState) -> None:
        """A step has ended. Raises Stopped where a stop was asked for."""
        self._save_if_due(state, self.every_s)

    def after_epoch(self, state: TrainingState) -> None:
        """An epoch has ended. Raises Stopped where a stop was asked for."""
        self._save_if_due(state, self.min_gap_s)

    def save(self, state: TrainingState) -> None:
        """Write a checkpoint, then delete all but the two newest. Raises StoreError."""
        make_folder(self.folder)
        spent = state.history.earlier_seconds + perf_counter() - self.began
        numbers = json.dumps({"identity": self.identity, "spent": spent, **state.numbers()})
        content = safetensors_bytes(state.tensors(), metadata={"state": numbers})
        write_atomic(self.folder / f"{state.step:09d}-{hashlib.sha256(content).hexdigest()}.safetensors", content)
        for old in self._paths()[KEPT:]:
            with suppress(OSError):
                old.unlink()
        self.written_at = perf_counter()

    def restore(self, state: TrainingState) -> bool:
        """Go on from the newest checkpoint that is whole; False where there is none.

        Raises ZooError where it belongs to another trial or other data, or does not fit the model.
        """
        paths = self._paths()
        for path in paths:
            try:
                tensors, numbers = _read(path)
            except ValueError as error:
                self.on_note(f"{path.name[:9]} is damaged ({error}); going back to the checkpoint before it")
                continue
            # Those of before do not say what plugin and weights consisted of.
            then = {"content": self.identity.get("content"), **numbers.pop("identity")}
            refuse_changes(then, self.identity, "the checkpoint is of another trial", self._remedy())
            state.history.earlier_seconds = numbers.pop("spent")
            try:
                state.restore(tensors, numbers)
            except (KeyError, ValueError, RuntimeError) as error:
                reason = str(error).strip().splitlines()[0][:200]
                raise ZooError(f"the checkpoint does not fit the model: {reason}", self._remedy()) from error
            return True
        if paths:
            self.on_note("no checkpoint is whole; the trial starts over")
        return False

    def _save_if_due(self, state: TrainingState, gap_s: float) -> None:
        if self.is_stopping or perf_counter() - self.written_at >= gap_s:
            self.save(state)
            if self.is_stopping:
                raise Stopped

    def _paths(self) -> list[Path]:
        """The newest first."""
        with suppress(OSError):
            return sorted((path for path in self.folder.iterdir() if NAME.fullmatch(path.name)), reverse=True)
        return []

    def _remedy(self) -> str:
        return f"restore the settings, or remove {self.folder} to start the trial over"


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and numbers of a checkpoint. Raises ValueError that says what is wrong with it."""
    content = read_regular(path)
    name = NAME.fullmatch(path.name)
    if name is None or hashlib.sha256(content).hexdigest() != name[2]:
        raise ValueError("its SHA-256 does not fit its content")
    try:
        length = int.from_bytes(content[:8], "little")
        state = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["state"])
        return read_safetensors(content), state
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}") from error
