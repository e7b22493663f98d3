"""One folder a run: immutable records, predictions, checkpoints, tracebacks, and the tables made from them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results.errors import StoreError
from results.records import SCHEMA, Record
from results.sanitize import plain
from results.store.atomic import (
    adopt,
    make_folder,
    read_regular,
    refuse_link,
    remove_dead_drafts,
    write_atomic,
    write_first,
)
from results.store.codec import VALIDATION, from_json, read_arrays, to_json
from results.store.file_names import slug, trial_slug

if TYPE_CHECKING:
    import numpy as np

RUN_FILE = "run.json"
LONGEST_INSIDE = 600  # bytes of a path within a run: two names of a trial, each of which may be cleaned, and a draft's
FOLDERS = ("records", "predictions", "checkpoints", "failures")
WORK, RETRIED = "work", "retried"
MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class RunStore:
    """The folder of one run. A record's presence means that its trial is done."""

    path: Path

    @classmethod
    def create(cls, output: Path, dataset: str, configuration: Mapping[str, Any]) -> RunStore:
        """A new folder `<date>-<dataset>-<id>` under `output`. Raises StoreError where it cannot be written."""
        path = _new_folder(output / f"{time.strftime('%Y-%m-%d')}-{slug(dataset)}")
        _require_room_for_names(path)
        for folder in FOLDERS:
            make_folder(path / folder)
        store = cls(path)
        store.configure(configuration)
        return store

    @classmethod
    def open(cls, path: Path) -> RunStore:
        """The folder of an earlier run. Raises StoreError where `path` is none."""
        if not (path / RUN_FILE).is_file():
            raise StoreError(
                f"{path} is not the folder of a run: it has no {RUN_FILE}", "give a folder of results/runs"
            )
        remove_dead_drafts(path)
        return cls(path)

    @classmethod
    def find(cls, name: str | None, output: Path) -> RunStore:
        """The run of that id, folder name or path, or whose id or folder name begins so; without a name the latest.

        Raises StoreError where there is none, or more than one.
        """
        runs = _by_age(output)
        if not name:
            if not runs:
                raise StoreError(f"there is no run in {output}", "name a folder, or give another --output")
            return cls.open(runs[-1])
        exact = [path for path in runs if name in _names(path)]
        if not exact and (Path(name) / RUN_FILE).is_file():
            return cls.open(Path(name))
        matches = exact or [path for path in runs if any(own.startswith(name) for own in _names(path))]
        if len(matches) > 1:
            what = "is the id of" if exact else "is how the names begin of"
            raise StoreError(f"{name} {what} {len(matches)} runs in {output}: {_latest(matches)}", "give a whole name")
        if not matches:
            cause = f"{name} is not the folder of a run, nor the id of one in {output}"
            raise StoreError(
                cause, f"there are: {_latest(runs)}" if runs else "name a folder, or give another --output"
            )
        return cls.open(matches[0])

    def configure(self, configuration: Mapping[str, Any]) -> None:
        """Write `run.json`: as the run begins, and again where only then it is known which trials it has."""
        content = {"schema": SCHEMA, "id": self.path.name.rpartition("-")[2], **configuration}
        self.write(RUN_FILE, json.dumps(content, indent=1).encode())

    @property
    def work(self) -> Path:
        """The folder for what trials need while they run; it is gone when the run ends."""
        folder = self.path / WORK
        refuse_link(folder)
        make_folder(folder)
        return folder

    def clear_work(self) -> None:
        """Remove what trials needed while they ran."""
        refuse_link(self.path / WORK)
        shutil.rmtree(self.path / WORK, ignore_errors=True)

    @property
    def configuration(self) -> dict[str, Any]:
        """What `run.json` says."""
        path = self.path / RUN_FILE
        try:
            configuration: dict[str, Any] = json.loads(read_regular(path))
            schema = int(configuration["schema"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} is damaged ({type(error).__name__})", "restore it, or start a new run") from error
        if schema > SCHEMA:
            cause = f"{path} was written with schema {schema}, this version reads up to {SCHEMA}"
            raise StoreError(cause, "read it with the version that wrote it")
        return configuration

    def write(self, name: str, data: bytes) -> Path:
        """Write one file of the run, whole or not at all."""
        path = self._place(name)
        write_atomic(path, data)
        return path

    def adopt(self, source: Path, name: str) -> Path:
        """Give a file that a trial left in `work` its place `name` in the run, whole or not at all."""
        path = self._place(name)
        make_folder(path.parent)
        adopt(source, path)
        return path

    def retire(self, record: Record) -> Path:
        """Move a record to `retried/`, so that its trial is to do again; nothing is deleted."""
        name = _slug(record)
        taken = next(n for n in count(1) if not (self.path / RETRIED / f"{name}.{n}.json").exists())
        return self.adopt(self.path / "records" / f"{name}.json", f"{RETRIED}/{name}.{taken}.json")

    def was_retried(self, model: str) -> bool:
        """Whether a trial of that model was put aside to be done again."""
        names = (path.name for path in (self.path / RETRIED).glob("*.json"))
        return any(name.rpartition("@s")[0] == slug(model) for name in names)

    def save(self, record: Record) -> Path:
        """Write a record down; from then on its trial is done. Raises StoreError where it would replace another."""
        name, content = f"records/{_slug(record)}.json", to_json(record)
        there = self._read(self.path / name) if (self.path / name).is_file() else None
        if there is not None and to_json(there) != content:
            what = _called(record)
            if there.key != record.key:
                cause = f"{self.path.name} already has {what}, trained with other settings"
                raise StoreError(cause, "start a new run for the new settings")
            raise StoreError(f"{self.path.name} already has another result of {what}", "retire that record first")
        return self.write(name, content)

    def save_first(self, record: Record) -> bool:
        """Write a record down unless its trial has one by now, which stays: False then.

        Several workers may carry one trial out, where one of them was taken for gone; it comes to the same in each.
        """
        return write_first(self._place(f"records/{_slug(record)}.json"), to_json(record))

    def record_of(self, model: str, seed: int, fold: int | None) -> Record | None:
        """The record of that trial; None where it has none that is whole."""
        path = self.path / "records" / f"{trial_slug(model, seed, fold)}.json"
        return self._read(path) if path.is_file() else None

    def extend(self, record: Record) -> Path:
        """Write a record anew with what is known of its trial since, whole or not at all.

        Raises StoreError where there is no record of that very trial.
        """
        path = self.path / "records" / f"{_slug(record)}.json"
        there = self._read(path) if path.is_file() else None
        if there is None or there.key != record.key:
            what = _called(record)
            raise StoreError(
                f"{self.path.name} has no record of {what} any more", "leave the folder of a run to itself"
            )
        return self.write(str(path.relative_to(self.path)), to_json(record))

    def done(self) -> set[str]:
        """The keys of all trials that have a record."""
        return {record.key for record in self.records()}

    def records(self) -> list[Record]:
        """All records, by file name. A damaged or newer one is moved to `corrupt/` with a warning, never deleted."""
        records = (self._read(path) for path in sorted((self.path / "records").glob("*.json")))
        return [record for record in records if record is not None]

    def predictions(self, record: Record) -> dict[str, np.ndarray[Any, Any]]:
        """What the trial's model predicted for each test image; empty where nothing was kept.

        What is damaged is moved to `corrupt/`.
        """
        return self._arrays(record, lambda name: not name.startswith(VALIDATION))

    def val_predictions(self, record: Record) -> dict[str, np.ndarray[Any, Any]]:
        """The same for each validation image, under the same names; empty for a trial of before, which kept none."""
        arrays = self._arrays(record, lambda name: name.startswith(VALIDATION))
        return {name.removeprefix(VALIDATION): array for name, array in arrays.items()}

    def _arrays(self, record: Record, wanted: Callable[[str], bool]) -> dict[str, np.ndarray[Any, Any]]:
        path = self.path / "predictions" / f"{_slug(record)}.npz"
        if not path.is_file():
            return {}
        try:
            return read_arrays(read_regular(path), wanted)
        # What numpy raises for a file that was cut short or changed, depending on where.
        except (ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
            self._put_aside(path, error)
            return {}

    def save_failure(self, record: Record, text: str) -> Path:
        """Write the traceback of a failed trial; returns its path within the run's folder."""
        name = f"failures/{_slug(record)}.txt"
        return self.write(name, text.encode(errors="backslashreplace")).relative_to(self.path)

    def _place(self, name: str) -> Path:
        """Where `name` is written. Raises StoreError for what is not within the run, or is behind a link."""
        path = self.path / name
        if ".." in path.parts[len(self.path.parts) :] or not path.is_relative_to(self.path) or path == self.path:
            raise StoreError(f"{name} is no file within {self.path}", "a run writes into its own folder only")
        # The run's own folder may be reached through a link, if a person likes that.
        for folder in path.parents[: len(path.parts) - len(self.path.parts) - 1]:
            refuse_link(folder)
        return path

    def _read(self, path: Path) -> Record | None:
        try:
            return from_json(read_regular(path))
        except ValueError as error:
            self._put_aside(path, error)
            return None

    def _put_aside(self, path: Path, error: Exception) -> None:
        refuse_link(self.path / "corrupt")
        make_folder(self.path / "corrupt")
        path.rename(self.path / "corrupt" / f"{path.name}.{secrets.token_hex(2)}")
        print(plain(f"warning: {path.name} was moved to corrupt/: {error}"), file=sys.stderr)


def _slug(record: Record) -> str:
    return trial_slug(record.model, record.seed, record.fold)


def _called(record: Record) -> str:
    return f"{record.model}, seed {record.seed}{'' if record.fold is None else f', fold {record.fold}'}"


def _new_folder(prefix: Path) -> Path:
    """A folder `<prefix>-<id>` that nobody has made: short ids do meet, and two runs in one would mix their files."""
    while True:
        path = prefix.with_name(f"{prefix.name}-{secrets.token_hex(2)}")
        with suppress(FileExistsError):
            make_folder(path, new=True)
            return path


def _require_room_for_names(path: Path) -> None:
    """Raise StoreError where the system would take the folder's path, and no longer that of a file deep within."""
    room = os.pathconf(path, "PC_PATH_MAX") - len(os.fsencode(path.absolute()))
    if room < LONGEST_INSIDE:
        path.rmdir()
        raise StoreError("the path of the output folder is too long", "choose another folder with --output")


def _by_age(output: Path) -> list[Path]:
    """The folders of all runs in `output`, the latest last."""
    # By the file that is written once, as a run begins: names hold no more than the day.
    files = sorted(output.glob(f"*/{RUN_FILE}"), key=lambda path: (path.stat().st_mtime, path))
    return [file.parent for file in files]


def _names(path: Path) -> tuple[str, str]:
    """What a run is called by: its folder's name and its id."""
    return path.name, path.name.rpartition("-")[2]


def _latest(runs: Sequence[Path]) -> str:
    """The names of the latest, for a message."""
    names = [plain(path.name) for path in reversed(runs[-MOST_NAMED:])]
    return ", ".join(names) + (f" and {len(runs) - MOST_NAMED} more" if len(runs) > MOST_NAMED else "")
