"""The C library's allocator: which one this process has, and the lever that lets glibc keep freed memory.

By default glibc gives large blocks back to the system as soon as they are freed, and takes their pages anew for the
next step: another 0.3 s of system time in a training step of resnet18 (batch 32, 224 px). That is what a person's own
script pays, so that times are taken without the lever; training may have it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

# The numbers of mallopt(3), in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 2**31 - 1
# Before glibc 2.35 more than this is refused for M_MMAP_THRESHOLD; without it, setting the other one would leave it at
# 128 KiB for good.
LARGEST_OF_OLD = 32 * 2**20
DEFAULT, KEEPS = "glibc default", "glibc keeps freed memory"
# How to have the lever in a process of one's own: glibc reads these as it starts.
OUTSIDE = f"MALLOC_TRIM_THRESHOLD_={LARGEST} MALLOC_MMAP_THRESHOLD_={LARGEST}"
SETTING = re.compile(r"MALLOC_\w+_$|MALLOC_ARENA_MAX$")
TUNABLE = re.compile(r"glibc\.malloc\.(\w+)=(\w+)")
OTHERS = ("jemalloc", "tcmalloc", "mimalloc", "hoard")
MAPS, ENVIRONMENT = Path("/proc/self/maps"), Path("/proc/self/environ")

_kept: list[bool] = []  # whether this process has pulled the lever: nothing undoes it, and a fork inherits both


def keep_freed_memory() -> None:
    """Let malloc reuse large blocks, as accelerators' caching allocators do. Without glibc nothing changes.

    It holds for this process until it ends.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            kept = libc.mallopt(M_MMAP_THRESHOLD, LARGEST) or libc.mallopt(M_MMAP_THRESHOLD, LARGEST_OF_OLD)
            if kept and libc.mallopt(M_TRIM_THRESHOLD, LARGEST) and _started_with() == DEFAULT:
                _kept.append(True)


def allocator() -> str:
    """Which allocator serves this process, and whether it keeps freed memory: a condition of every time taken in it."""
    return KEEPS if _kept else _started_with()


@cache
def _started_with() -> str:
    """The allocator that the process was started with: a library loaded before the C library, or that itself."""
    if sys.platform != "linux":
        return f"{platform.system()} default"
    loaded = MAPS.read_text() if MAPS.exists() else ""
    other = next((name for name in OTHERS if name in loaded), "")
    if other:
        return other
    if platform.libc_ver()[0] != "glibc":
        return "another C library's default"
    return of_settings(_environment())


def of_settings(environment: dict[str, str]) -> str:
    """What glibc makes of the environment that a process is started with."""
    settings = {name: value for name, value in environment.items() if SETTING.match(name)}
    # As it reads GLIBC_TUNABLES, glibc puts ends between its parts: they then look like variables.
    settings |= dict(TUNABLE.findall("\n".join(f"{name}={value}" for name, value in environment.items())))
    if not settings:
        return DEFAULT
    names = [("MALLOC_TRIM_THRESHOLD_", "trim_threshold"), ("MALLOC_MMAP_THRESHOLD_", "mmap_threshold")]
    large = [any(_number(settings.get(name)) >= LARGEST_OF_OLD for name in both) for both in names]
    if all(large):
        return KEEPS
    return f"glibc with {', '.join(f'{name}={value}' for name, value in sorted(settings.items()))}"


def _number(text: str | None) -> int:
    try:
        return int(text or "0", 0)
    except ValueError:
        return 0


def _environment() -> dict[str, str]:
    """The environment that the process was started with: what was set since is nothing that glibc has read."""
    try:
        pairs = ENVIRONMENT.read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return dict(os.environ)
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
