"""One process at a time writes into a run's folder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from results.errors import StoreError
from results.store.atomic import read_regular
from results.store.claims import Claims

LOCK_FILE = "lock"
ATTEMPTS, ATTEMPT_S = 3, 0.02


@contextmanager
def locked(folder: Path, *, with_workers: bool = False) -> Iterator[None]:
    """Hold the run's lock, in a file that says who holds it. Raises StoreError where another process does.

    `with_workers` says that the run's trials are taken by workers, which may be at work then.

    The kernel keeps it: it is gone with its process, however that ends, and what a dead process wrote into the file
    is simply written over.
    """
    path = folder / LOCK_FILE
    handle = _open(path)
    try:
        if not _is_ours(handle, path):
            raise _held(folder, path)
        if not with_workers:
            _require_no_workers(folder)
        os.truncate(handle, 0)
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        holder |= {"with_workers": with_workers}
        os.pwrite(handle, json.dumps(holder).encode(), 0)
        yield
        # While it is still held: who opens the file from now on finds that it has gone, and makes a new one.
        with suppress(OSError):
            path.unlink()
    finally:
        os.close(handle)


def require_open_to_workers(folder: Path) -> None:
    """Raise StoreError where a process holds the run that carries its trials out itself.

    To be asked after a trial was claimed: who begins such a run looks for claims after it has taken the lock, so that
    one of the two sees the other.
    """
    path = folder / LOCK_FILE
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        with suppress(ValueError, KeyError, TypeError, StoreError):
            if json.loads(read_regular(path))["with_workers"]:
                return
        raise _held(folder, path) from None
    finally:
        os.close(handle)


def _require_no_workers(folder: Path) -> None:
    claims = Claims(folder).live()
    if claims:
        holder = claims[0].holder
        where = f", one of them on {holder.host:.60}" if holder else ""
        count = "a worker is" if len(claims) == 1 else f"{len(claims)} workers are"
        raise StoreError(
            f"{count} at work on {folder}{where}", f"wait for them, or stop them; see: harness status {folder}"
        )


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        cause = f"{path} cannot be written: {error.strerror}"
        raise StoreError(cause, "choose another folder with --output") from error


def _is_ours(handle: int, path: Path) -> bool:
    """Whether the lock could be had, and on the very file that lies at `path`: its last holder removes it."""
    for _ in range(ATTEMPTS):
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(handle), path.stat())
        time.sleep(ATTEMPT_S)  # a worker may just be looking whether somebody holds it
    return False


def _held(folder: Path, path: Path) -> StoreError:
    who = "another process"
    with suppress(ValueError, KeyError, TypeError, StoreError):
        holder = json.loads(read_regular(path))
        who = f"process {int(holder['pid'])} on {holder['host']!s:.60} since {holder['since']!s:.20}"
    return StoreError(f"{folder} is in use by {who}", "wait for it, or stop it")
