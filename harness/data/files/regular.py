"""Regular files: opened without ever waiting for a pipe, and what their paths have in common."""

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


def common_folder(paths: Sequence[Path]) -> str:
    """The deepest folder that all paths lie in."""
    return os.path.commonpath([path.absolute().parent for path in paths])
