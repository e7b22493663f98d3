"""One folder a run: immutable records, predictions, checkpoints, tracebacks, and the tables made from them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results.codec import from_json, to_json
from results.durable import make_folder, remove_dead_drafts, write_atomic
from results.errors import StoreError
from results.records import SCHEMA, Record

if TYPE_CHECKING:
    import numpy as np

    Arrays = Mapping[str, np.ndarray[Any, Any]]

RUN_FILE = "run.json"
FOLDERS = ("records", "predictions", "checkpoints", "failures")


@dataclass(frozen=True, slots=True)
class RunStore:
    """The folder of one run. A record's presence means that its trial is done."""

    path: Path

    @classmethod
    def create(cls, output: Path, dataset: str, configuration: Mapping[str, Any]) -> RunStore:
        """A new folder `<date>-<dataset>-<id>` under `output`. Raises StoreError where it cannot be written."""
        # The id is random: two runs that start in the same second must not meet in one folder.
        name = f"{time.strftime('%Y-%m-%d')}-{slug(dataset)}-{secrets.token_hex(2)}"
        store = cls(output / name)
        for folder in FOLDERS:
            make_folder(store.path / folder)
        content = {"schema": SCHEMA, "id": name.rpartition("-")[2], **configuration}
        store.write(RUN_FILE, json.dumps(content, indent=1).encode())
        return store

    @classmethod
    def open(cls, path: Path) -> RunStore:
        """The folder of an earlier run. Raises StoreError where `path` is none."""
        if not (path / RUN_FILE).is_file():
            raise StoreError(
                f"{path} is not the folder of a run: it has no {RUN_FILE}", "give a folder of results/runs"
            )
        for folder in FOLDERS:
            remove_dead_drafts(path / folder)
        return cls(path)

    @property
    def configuration(self) -> dict[str, Any]:
        """What `run.json` says."""
        configuration: dict[str, Any] = json.loads((self.path / RUN_FILE).read_bytes())
        return configuration

    def write(self, name: str, data: bytes) -> Path:
        """Write one file of the run, whole or not at all."""
        write_atomic(self.path / name, data)
        return self.path / name

    def save(self, record: Record) -> Path:
        """Write a record down; from then on its trial is done."""
        return self.write(f"records/{trial_slug(record)}.json", to_json(record))

    def records(self) -> list[Record]:
        """All records, by file name. A damaged or newer one is moved to `corrupt/` with a warning, never deleted."""
        found = (self._read(path) for path in sorted((self.path / "records").glob("*.json")))
        return [record for record in found if record is not None]

    def save_predictions(self, record: Record, arrays: Arrays) -> Path:
        """Write what the trial's model predicted for each test image."""
        import numpy as np

        buffer = io.BytesIO()
        np.savez_compressed(buffer, **dict[str, Any](arrays))
        return self.write(f"predictions/{trial_slug(record)}.npz", buffer.getvalue())

    def predictions(self, record: Record) -> dict[str, np.ndarray[Any, Any]]:
        """What `save_predictions` wrote; empty where nothing was."""
        import numpy as np

        path = self.path / "predictions" / f"{trial_slug(record)}.npz"
        if not path.is_file():
            return {}
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def save_failure(self, record: Record, text: str) -> Path:
        """Write the traceback of a failed trial; returns its path within the run's folder."""
        return self.write(f"failures/{trial_slug(record)}.txt", text.encode()).relative_to(self.path)

    def checkpoint_path(self, record: Record) -> Path:
        """The folder for the trial's trained model."""
        return self.path / "checkpoints" / trial_slug(record)

    def _read(self, path: Path) -> Record | None:
        try:
            return from_json(path.read_bytes())
        except ValueError as error:
            make_folder(self.path / "corrupt")
            path.rename(self.path / "corrupt" / f"{path.name}.{secrets.token_hex(2)}")
            print(f"warning: {path.name} was moved to corrupt/: {error}", file=sys.stderr)
            return None


def trial_slug(record: Record) -> str:
    """The name of a trial's files: `<model>@s<seed>`."""
    return f"{slug(record.model)}@s{record.seed}"


def slug(name: str) -> str:
    """A file name for any name. Where characters were changed, a hash keeps different names different."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name.replace("/", "--")).strip(".-_")[:80] or "unnamed"
    plain = name.replace("/", "--") == safe and "--" not in name
    return safe if plain else f"{safe}-{hashlib.sha256(name.encode(errors='surrogateescape')).hexdigest()[:8]}"
