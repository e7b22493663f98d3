"""Regular files: opened without ever waiting for a pipe, and what their paths have in common."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """A regular file to be read; a pipe is not opened, since nobody may ever write to it. Raises OSError."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    # Should it become a pipe just now, it is not waited for.
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0)))


def reason(error: BaseException) -> str:
    """Why a file cannot be read, without its path."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__


def common_folder(paths: Iterable[Path]) -> str:
    """The deepest folder that all paths lie in."""
    # A path at a time a million of them would take ten seconds; their folders are few.
    folders = {os.path.dirname(path) for path in map(str, paths)}
    return os.path.commonpath([Path(folder).absolute() for folder in folders])


def below(folder: str, paths: Sequence[Path]) -> list[str]:
    """What leads from `folder` to each of `paths`, which lie in it."""
    split = [os.path.split(path) for path in map(str, paths)]
    ways = {parent: os.path.relpath(parent or os.curdir, folder) for parent in {parent for parent, _ in split}}
    return [name if ways[parent] == os.curdir else f"{ways[parent]}/{name}" for parent, name in split]
