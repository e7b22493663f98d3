"""What a node keeps of a run while the run goes on: its dataset and features, in a folder of its user alone."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

OLD_S = 24 * 3600.0  # a folder that no task has used for so long is of a run that was killed
LOCK = "in-use"


@contextmanager
def held(run: str, node: str) -> Iterator[Path]:
    """The folder of `run` on `node`, made where it is not there; while it is held nobody sweeps it away. OSError."""
    base = _base()
    path = base / run / node
    path.mkdir(parents=True, exist_ok=True)
    _sweep(base, apart_from=run)
    with _locked(path, fcntl.LOCK_SH):
        os.utime(path / LOCK)
        yield path


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Within, no other task of the node is in such a block: one of them brings the dataset, the others wait for it."""
    with (path / "bringing").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def forget(run: str) -> None:
    """Remove what this machine keeps of a run that has ended."""
    with suppress(OSError):
        shutil.rmtree(_base() / run, ignore_errors=True)


def _base() -> Path:
    """The folder of this user's runs. Its name can be guessed: one that somebody else has made is refused."""
    path = Path(tempfile.gettempdir()) / f"harness-ray-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if status.st_uid != os.getuid() or not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o022:
        raise PermissionError(f"{path} is not this user's own folder")
    return path


def _sweep(base: Path, apart_from: str) -> None:
    """Remove what runs have left that were killed: old, and held by nobody."""
    for lock in base.glob(f"*/*/{LOCK}"):
        with suppress(OSError):
            is_old = time.time() - lock.stat().st_mtime > OLD_S
            if is_old and lock.parent.parent.name != apart_from:
                with _locked(lock.parent, fcntl.LOCK_EX | fcntl.LOCK_NB):
                    shutil.rmtree(lock.parent, ignore_errors=True)
                lock.parent.parent.rmdir()


@contextmanager
def _locked(path: Path, how: int) -> Iterator[BinaryIO]:
    with (path / LOCK).open("ab") as file:
        fcntl.flock(file, how)
        yield file
