"""Every operation that must survive a power cut, a full disk or a kill: all of them are here."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from results.errors import StoreError
from results.store.holder import host_mark

# Raised by disks that know no second name of a file.
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
DRAFT_SUFFIX = ".tmp"
# The number of its writer; the host that the number holds on, where it says so; and what tells drafts apart.
DRAFT = re.compile(r"\..*\.(\d{1,10})\.(?:([0-9a-f]{8})(?=[0-9a-f]{8}\.))?[0-9a-f]+\.tmp", re.DOTALL)


@contextmanager
def whole_file(path: Path, *, first: bool = False) -> Iterator[BinaryIO]:
    """A file to be written that is `path` when the block ends, whole or not at all. Raises OSError.

    With `first` what is there by then stays, and FileExistsError is raised.

    Temporary file, fsync, rename, fsync of the folder: what stood at `path` before stays whole until the rename, and
    a block that is left by an error leaves no draft behind.
    """
    token = host_mark() + secrets.token_hex(4)
    draft = path.with_name(f".{path.name[:100]}.{os.getpid()}.{token}{DRAFT_SUFFIX}")
    try:
        # x, which is O_EXCL: never through a link that somebody planted under this name.
        with open(draft, "xb", opener=partial(os.open, mode=0o644)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if first:
            _place_first(draft, path)
        else:
            draft.replace(path)
        _sync(path.parent)
    except BaseException:  # Ctrl-C must not leave a draft either
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def write_atomic(path: Path, data: bytes) -> None:
    """Write `path` so that it is there whole or not at all. Raises StoreError, and then leaves no draft behind."""
    try:
        with whole_file(path) as file:
            file.write(data)
    except OSError as error:
        raise _explained(error, path, len(data)) from error


def write_first(path: Path, data: bytes) -> bool:
    """As `write_atomic`; but what another process has written there meanwhile stays, and False is returned."""
    try:
        with whole_file(path, first=True) as file:
            file.write(data)
    except FileExistsError:
        return False
    except OSError as error:
        raise _explained(error, path, len(data)) from error
    return True


def adopt(source: Path, path: Path) -> None:
    """Move a file that another process wrote to `path`, which then has it whole or not at all. Raises StoreError.

    Both lie on one disk. What is no regular file was not written by us, and is refused.
    """
    try:
        if not stat.S_ISREG(source.lstat().st_mode):
            remedy = "remove it: within a run nothing is written through links"
            raise StoreError(f"{source} is not a regular file", remedy)
        _sync(source, os.O_NOFOLLOW)
        source.replace(path)
        _sync(path.parent)
        if source.parent != path.parent:  # else a power cut could bring the old name back
            _sync(source.parent)
    except OSError as error:
        raise _explained(error, path, 0) from error


def read_regular(path: Path) -> bytes:
    """The bytes of a regular file. ValueError for a link, a pipe or a folder: we make none, so somebody planted it.

    Raises StoreError where a regular file cannot be read: it may be whole.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ValueError("not a regular file")
        # Should it become a link or a pipe just now, neither is followed nor waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return file.read()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}", "check its permissions and the disk") from error


def refuse_link(folder: Path) -> None:
    """StoreError where a folder that we made has become a symbolic link."""
    if folder.is_symlink():
        raise StoreError(f"{folder} is a symbolic link", "remove it: within a run nothing is written through links")


def make_folder(path: Path, *, new: bool = False) -> None:
    """Make a folder and its parents. Raises StoreError where it cannot be written into.

    One that is to be `new` raises FileExistsError where it is there, even if another process made it this very moment.
    """
    try:
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=not new)
        # A record is as durable as the names of all the folders above it.
        for folder in missing:
            _sync(folder.parent)
    except OSError as error:
        # A parent that is a broken link raises FileExistsError too, and would do so for ever.
        if new and isinstance(error, FileExistsError) and os.path.lexists(path):
            raise
        raise _explained(error, path, 0) from error
    if not os.access(path, os.W_OK):
        raise StoreError(f"{path} cannot be written to", "choose another folder with --output")


def remove_dead_drafts(folder: Path) -> None:
    """Delete drafts, here and below, whose writer is dead; those of a living process may be in use.

    Of a process of another host, which shares the folder, nobody here can tell: its draft stays.
    """
    for draft in folder.rglob(f".*{DRAFT_SUFFIX}"):
        writer = DRAFT.fullmatch(draft.name)
        if writer and writer[2] in (None, host_mark()) and not _is_alive(int(writer[1])):
            with suppress(OSError):
                draft.unlink()


def _place_first(draft: Path, path: Path) -> None:
    """Give the draft its name unless something has it: a link to a name is made once, by whoever is first."""
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        draft.replace(path)
    else:
        draft.unlink()


def _sync(path: Path, flags: int = 0) -> None:
    """Make what a file holds, or the renames in a folder, durable."""
    handle = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explained(error: OSError, path: Path, num_bytes: int) -> StoreError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        free = shutil.disk_usage(path.parent).free if path.parent.is_dir() else 0
        cause = f"disk full: {path.name} needs {num_bytes:,} bytes, {free:,} are free"
        return StoreError(cause, "make room, or choose another folder with --output")
    return StoreError(f"{path} cannot be written: {error.strerror}", "choose another folder with --output")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
