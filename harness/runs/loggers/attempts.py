"""What a logger was given, on disk: a run that was stopped goes on without giving it anything twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Attempt:
    """One training of a trial: its number, the figures of its epochs, and the SHA-256 of the record it led to."""

    number: int = 1
    epochs: dict[int, str] = field(default_factory=dict)
    record: str = ""


@dataclass(slots=True)
class Attempts:
    """The attempts at each trial, by its key, as far as the lines of the file `path` tell.

    An epoch comes again where a trial goes on from a checkpoint that lies before it, and then with the same figures:
    with others it is of another training, and so begins another attempt.
    """

    path: Path
    by_key: dict[str, Attempt] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Attempts:
        """What the file says; a line that a killed process left unfinished says nothing."""
        attempts = cls(path)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for line in text.splitlines():
            with suppress(ValueError, KeyError, TypeError):
                attempts._take(json.loads(line))
        if text and not text.endswith("\n"):
            attempts._append("\n")
        return attempts

    def number(self, key: str, row: Mapping[str, Any]) -> int | None:
        """The attempt at the trial that this epoch is new in, None where it was given already."""
        attempt = self._of(key)
        known = attempt.epochs.get(row["epoch"])
        if known is None:
            return attempt.number
        return attempt.number + 1 if known != _figures(row) else None

    def mark_epoch(self, key: str, number: int, row: Mapping[str, Any]) -> None:
        """Note that the epoch was given."""
        self._write({"key": key, "attempt": number, "epoch": row["epoch"], "figures": _figures(row)})

    def is_given(self, key: str, record: str) -> bool:
        """Whether the record with this SHA-256 was given."""
        return self._of(key).record == record

    def mark_record(self, key: str, record: str) -> int:
        """Note that the record was given; returns of which attempt it is."""
        number = self._of(key).number
        self._write({"key": key, "attempt": number, "record": record})
        return number

    def latest(self, key: str) -> int:
        """The number of the last attempt at the trial."""
        return self._of(key).number

    def _of(self, key: str) -> Attempt:
        return self.by_key.setdefault(key, Attempt())

    def _take(self, line: Mapping[str, Any]) -> None:
        key, number = line["key"], line["attempt"]
        if number != self._of(key).number:
            self.by_key[key] = Attempt(number)
        if "epoch" in line:
            self._of(key).epochs[line["epoch"]] = line["figures"]
        else:
            self._of(key).record = line["record"]

    def _write(self, line: Mapping[str, Any]) -> None:
        self._take(line)
        self._append(json.dumps(line) + "\n")

    def _append(self, text: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)


def _figures(row: Mapping[str, Any]) -> str:
    """What two trainings that are the same have in common; as text, where NaN equals NaN."""
    return json.dumps([row[name] for name in ("train_loss", "eval_loss", "eval_top1")])
