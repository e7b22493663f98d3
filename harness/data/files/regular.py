"""Regular files: opened without ever waiting for a pipe, and told apart by what their folder says of them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
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


def stamp(path: Path) -> str:
    """Size and time of change; "gone" where there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return "gone"
    return f"{status.st_size} {status.st_mtime_ns}"


def common_folder(paths: Sequence[Path]) -> str:
    """The deepest folder that all paths lie in."""
    return os.path.commonpath([path.absolute().parent for path in paths])
