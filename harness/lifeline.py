"""What a trial's process does to itself first: it leads its own group, dies with its parent, and has its limits."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
STATUS = Path("/proc/self/status")


def lead_group() -> None:
    """Lead a session: whoever kills its group kills all that it started, and no terminal reaches it."""
    os.setsid()


def die_with_parent() -> None:
    """End, with the whole group, within moments of the parent's end, however sudden that is.

    A thread waits for the pipe that the parent holds. The kernel's own signal comes from the fork server, which ends
    with the parent too, and reaches a process that hangs in C and gives threads no turn.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), name="lifeline", daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os.killpg(0, signal.SIGKILL)


def limit_memory(mebibytes: int) -> None:
    """Let this process take that much more memory than it has: beyond it allocations fail, and nothing is watched.

    Linux only: other systems accept the limit and do not keep it.
    """
    limit = _data_bytes() + mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def can_limit_memory() -> bool:
    """Whether `limit_memory` is kept here."""
    return STATUS.exists()


def _data_bytes() -> int:
    """Bytes that count towards RLIMIT_DATA: private and writable ones."""
    lines = STATUS.read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmData"))
