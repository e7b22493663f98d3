"""Which state of a file was looked at: told by what its folder says of it, and by its bytes where that is in doubt.

Size and time of modification alone are what any program may set, and `cp -p`, `rsync -a` and `tar` do. The time of
change and the inode are the kernel's own. Both times are kept in steps, so a file may change again unseen within the
step of its last change: of a file so young its folder proves nothing.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from harness.data.files.regular import open_regular

YOUNG_NS = 2 * 10**9  # the coarsest step in use, that of FAT
DIGITS = 16  # of a SHA-256: a file that changes by chance keeps them once in 10^19 times


def stamp(path: Path) -> str:
    """What only changes of the file can change; empty where there is no such file, or where it is too young to say."""
    try:
        status = path.stat()
    except OSError:
        return ""
    if max(status.st_mtime_ns, status.st_ctime_ns) > time.time_ns() - YOUNG_NS:
        return ""
    times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
    return f"{status.st_size} {times} {status.st_ino} {status.st_dev}"


def state(sha256: str, stamped: str) -> str:
    """What `is_unchanged` needs to know of a file that was read when its stamp was `stamped`."""
    return f"{sha256[:DIGITS]} {stamped}"


def is_unchanged(path: Path, then: str) -> bool:
    """Whether the file is what it was. Its bytes are read only where its stamp differs, as after `chmod` or `ln`."""
    digest, _, stamped = then.partition(" ")
    return (bool(stamped) and stamp(path) == stamped) or _sha256(path)[:DIGITS] == digest


def _sha256(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""
