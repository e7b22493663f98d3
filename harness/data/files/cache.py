"""The cache folder: files that can be made again at any time."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

BUDGET_BYTES = 32 * 2**30  # the oldest files go beyond this
DISK_SHARE = 0.5  # of the free disk, at most, for one new file
ABANDONED_SECONDS = 24 * 3600


def cache_dir(kind: str, version: str = "") -> Path:
    """Where files of this kind and version are kept: `$XDG_CACHE_HOME/zoo/<kind>`, by default under `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zoo" / kind / version


def make_room(folder: Path, num_bytes: int) -> bool:
    """Whether a new file of `num_bytes` may be written; the least recently used files beyond the budget go first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if num_bytes > min(BUDGET_BYTES, DISK_SHARE * shutil.disk_usage(folder).free):
            return False
        _prune(folder, BUDGET_BYTES - num_bytes)
    except OSError:
        return False
    return True


def _prune(folder: Path, budget: int) -> None:
    """Delete drafts that a dead process left, and the oldest files until the rest fits into `budget` bytes."""
    total = 0
    files = [(path.stat(), path) for path in folder.iterdir() if path.is_file()]
    for status, path in sorted(files, key=lambda pair: -pair[0].st_mtime):
        age = time.time() - status.st_mtime
        if path.suffix == ".tmp":
            if age > ABANDONED_SECONDS:
                path.unlink(missing_ok=True)
            continue
        total += status.st_size
        if total > budget:
            path.unlink(missing_ok=True)  # another process may be making room as well
