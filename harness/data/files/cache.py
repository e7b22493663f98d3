"""The cache folder: files that can be made again at any time. Where it lies, and the bound that a person can set."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from zoo.errors import USAGE, ZooError

KINDS = {
    "pixels": "decoded and resized images",
    "files": "what is known of image files",
}
BOUND = "ZOO_CACHE_SIZE"
DEFAULT_BYTES = 32 * 2**30
DISK_SHARE = 0.5  # of what the disk could give to the cache, unless a person has set the bound
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)


def cache_root() -> Path:
    """`$XDG_CACHE_HOME/zoo`, by default under `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zoo"


def cache_dir(kind: str, version: str = "") -> Path:
    """Where files of this kind, and of this version where it has versions, are kept."""
    return cache_root() / kind / version


def bound(held: int) -> int:
    """How many bytes the cache may take: `$ZOO_CACHE_SIZE`; else 32 GiB, but no more than half of what the disk has.

    `held` is what it takes now. Raises ZooError where the variable has no size.
    """
    told = os.environ.get(BOUND, "").strip()
    return _size(told) if told else min(DEFAULT_BYTES, int(DISK_SHARE * (free_bytes() + held)))


def free_bytes() -> int:
    """Free on the cache's disk; the folder need not be there yet."""
    root = cache_root().absolute()
    return shutil.disk_usage(next(folder for folder in (root, *root.parents) if folder.exists())).free


def _size(text: str) -> int:
    """The bytes of a size such as `20G`; K, M, G and T are powers of 1024."""
    told = SIZE.fullmatch(text)
    if told is None:
        raise ZooError(f"{BOUND} is {text!r}, which is no size", "give one such as 20G, or 0 to keep nothing", USAGE)
    return int(float(told[1]) * 1024 ** " KMGT".index(told[2].upper() or " "))
