"""What lies in the cache folder, and what of it goes: never what is in use, first what another version made."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.data.files.cache import BOUND, KINDS, bound, cache_dir, free_bytes
from harness.data.files.cache_users import prefixes_in_use
from harness.data.formats.versions import decoder_version
from results.store.atomic import DRAFT_SUFFIX
from results.tables.number_format import shown_bytes

ABANDONED_SECONDS = 24 * 3600


class NoRoom(OSError):
    """The cache does not take a file; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file. `used` is when it was, as a modification time; `current` says that this version may use it again."""

    kind: str
    path: Path
    num_bytes: int
    used: float
    current: bool
    in_use: bool


def entries() -> list[Entry]:
    """Everything that the cache holds, apart from drafts that somebody is writing."""
    users = prefixes_in_use()
    return [entry for kind in KINDS for entry in _of_kind(kind, users)]


def make_room(num_bytes: int) -> None:
    """Delete what goes first until the cache takes another `num_bytes`. Raises NoRoom, and OSError of the disk."""
    kept = entries()
    limit = bound(sum_bytes(kept))
    if num_bytes > limit:
        raise NoRoom(f"the cache takes at most {shown_bytes(limit)} ({BOUND} sets that)")
    going = surplus(kept, limit - num_bytes)
    if sum_bytes(kept) - sum_bytes(going) > limit - num_bytes:
        raise NoRoom(f"what runs are using fills the cache's {shown_bytes(limit)} ({BOUND} sets that)")
    remove(going)
    if num_bytes > (free := free_bytes()):
        raise NoRoom(f"the disk has {shown_bytes(free)} left")


def surplus(kept: Sequence[Entry], budget: int) -> list[Entry]:
    """Those that go so that the rest fits into `budget` bytes."""
    total, going = sum_bytes(kept), []
    for entry in sorted(kept, key=lambda entry: (entry.current, entry.used)):
        if total <= budget:
            break
        if not entry.in_use:
            going.append(entry)
            total -= entry.num_bytes
    return going


def remove(going: Sequence[Entry]) -> None:
    """Delete them, and folders that are then empty. Raises OSError."""
    for entry in going:
        entry.path.unlink(missing_ok=True)  # another process may be making room as well
        with suppress(OSError):
            entry.path.parent.rmdir()


def sum_bytes(kept: Sequence[Entry]) -> int:
    """What they take together."""
    return sum(entry.num_bytes for entry in kept)


def _of_kind(kind: str, users: frozenset[str]) -> Iterator[Entry]:
    for folder in _folders(cache_dir(kind)):
        # Each version has a folder; what lies beside these was made before there were any.
        current = folder.name == decoder_version()
        with suppress(FileNotFoundError):  # another process may be clearing it
            for file in os.scandir(folder):
                if not file.is_file(follow_symlinks=False):
                    continue
                status = file.stat(follow_symlinks=False)
                is_draft = file.name.endswith(DRAFT_SUFFIX)
                if is_draft and time.time() - status.st_mtime < ABANDONED_SECONDS:
                    continue
                yield Entry(
                    kind=kind,
                    path=Path(file.path),
                    num_bytes=status.st_size,
                    used=status.st_mtime,
                    current=current and not is_draft,
                    in_use=any(file.name.startswith(prefix) for prefix in users),
                )


def _folders(kind: Path) -> list[Path]:
    """The kind's own folder and those of its versions."""
    try:
        return [kind, *(Path(entry.path) for entry in os.scandir(kind) if entry.is_dir(follow_symlinks=False))]
    except FileNotFoundError:
        return []
