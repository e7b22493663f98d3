"""What a worker keeps in the folder of a run while it works: a place of its own, and data shared with the others."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from harness.isolation.dataset_files import hand_over
from results.errors import StoreError
from results.store.atomic import make_folder, refuse_link
from results.store.claims import WORKERS
from results.store.file_names import slug
from results.store.holder import Holder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.data.dataset import Dataset

DATA = "data"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A worker's own folder within `workers/` of a run. On the run's disk: what a trial leaves is moved, not copied."""

    run: Path
    path: Path

    @classmethod
    def make(cls, run: Path) -> Workspace:
        """A new one. Raises StoreError where the run's folder cannot be written."""
        refuse_link(run / WORKERS)
        host = slug(Holder.this().host.lower())
        path = run / WORKERS / f"{host}-{os.getpid()}-{secrets.token_hex(2)}"
        make_folder(path, new=True)
        return cls(run, path)

    def share(self, dataset: Dataset) -> Path:
        """The dataset's files for all workers of the run, which the first of them has written. Raises StoreError."""
        shared, own = self.run / WORKERS / DATA, self.path / DATA
        if not shared.is_dir():
            try:
                hand_over(dataset, own)
                _rename_first(own, shared)
            except OSError as error:
                cause = f"{own} cannot be written: {error.strerror}"
                raise StoreError(cause, "make room on the disk of the run") from error
        return shared

    def features(self, machine: Mapping[str, Any]) -> Path:
        """The folder of features that machines like this one share: another kind rounds them otherwise."""
        kind = {name: value for name, value in machine.items() if name not in ("cores", "memory_gib", "affinity")}
        mark = crc32(json.dumps(kind, sort_keys=True).encode())
        return self.run / WORKERS / f"features-{mark:08x}"

    def remove(self) -> None:
        """Remove the worker's own folder; that of all goes with the run's end."""
        shutil.rmtree(self.path, ignore_errors=True)


def offer(run: Path, data: Path) -> None:
    """Let all workers have the dataset's files that the run itself has written in `data`. Raises OSError."""
    refuse_link(run / WORKERS)
    make_folder(run / WORKERS)
    _rename_first(data, run / WORKERS / DATA)


def _rename_first(source: Path, target: Path) -> None:
    """Give a folder its name, unless that of another worker has it. Raises OSError."""
    try:
        source.rename(target)
    except OSError:
        if not target.is_dir():
            raise
