"""Room on the disk, asked for before hours of work and not after them."""

from __future__ import annotations

import shutil
from pathlib import Path

from results.errors import StoreError


def require_space(folder: Path, num_bytes: int) -> None:
    """Raise StoreError where the disk of `folder` has less than `num_bytes` free."""
    free = shutil.disk_usage(folder).free
    if free < num_bytes:
        cause = f"disk full: need {_mebibytes(num_bytes)}, have {_mebibytes(free)} at {folder}"
        raise StoreError(cause, "make room, or choose another folder with --output")


def _mebibytes(num_bytes: int) -> str:
    return f"{num_bytes / 2**20:,.0f} MiB"
