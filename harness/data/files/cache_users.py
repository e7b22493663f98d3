"""Who is using the cache: a file for each run that is going on, locked for as long as its process lives."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from harness.data.files.cache import cache_dir

DRAFT = "."
IN_NAMES = 32  # hexadecimal digits of a fingerprint, with which the names of what was made of its images begin


def hold(fingerprints: Iterable[str]) -> BinaryIO:
    """Keep what the cache has of these images, until the handle is closed or its process ends. Raises OSError."""
    folder = cache_dir("users")
    folder.mkdir(parents=True, exist_ok=True)
    prefixes_in_use()  # which clears away those that have ended
    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    draft = folder / f"{DRAFT}{name}"
    file = draft.open("xb")
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write("\n".join(fingerprint[:IN_NAMES] for fingerprint in fingerprints).encode())
    file.flush()
    draft.rename(folder / name)  # only now: who finds it unlocked takes its process for dead
    return file


def prefixes_in_use() -> frozenset[str]:
    """What living processes hold; the files of dead ones are removed."""
    held: set[str] = set()
    with suppress(OSError):
        for path in cache_dir("users").iterdir():
            if not path.name.startswith(DRAFT):
                held |= _held(path)
    return frozenset(held)


def _held(path: Path) -> set[str]:
    with suppress(FileNotFoundError), open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return set(file.read().decode().split("\n")) - {""}
        path.unlink()
    return set()
