"""What a trial's process does to itself first: it leads its own group, dies with its parent, and has its limits."""

from __future__ import annotations

import ctypes
import faulthandler
import fcntl
import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from harness.machine.system import descendants
from zoo.manager.memory_limit import limit_further, taken

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PR_SET_CHILD_SUBREAPER = 36  # of Linux's prctl(2)
F_SETSIG = 10  # of Linux's fcntl(2); Python's module does not name it


def lead_group() -> None:
    """Lead a session: whoever kills its group kills all that it started, and no terminal reaches it.

    What leaves the group (a daemon makes a session of its own, and lets its parent end) stays a descendant of this
    process while that lives, where the system can see to it: Linux.
    """
    os.setsid()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def kill_descendants(pid: int) -> None:
    """Kill all that the living process `pid` has started, in its group or not."""
    for child in descendants(pid):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child, signal.SIGKILL)


def die_with_parent() -> None:
    """End, with the whole group, within moments of the parent's end, however sudden that is.

    The parent holds one end of a pipe. A thread waits at the other; where the kernel can, it also sends the group
    SIGKILL itself, since a process that hangs in C may give its threads no turn. The signal that prctl(2) offers for a
    parent's death does not serve: the parent would be the fork server's thread, and the group would live on.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        if sys.platform == "linux":
            _let_kernel_kill(parent.sentinel)
        threading.Thread(target=_end_after, args=(parent.sentinel,), name="die with parent", daemon=True).start()


def _let_kernel_kill(pipe: int) -> None:
    """Ask for SIGKILL to the group in place of SIGIO when something happens at the pipe: nothing but its end can."""
    fcntl.fcntl(pipe, fcntl.F_SETOWN, -os.getpgrp())  # a negative owner is a group
    fcntl.fcntl(pipe, F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | fcntl.FASYNC)


def _end_after(pipe: int) -> None:
    wait([pipe])
    os.killpg(0, signal.SIGKILL)


def print_into(log: Connection) -> None:
    """Let everything printed here, by Python and by C, go to the log; a crash writes its stack there."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    faulthandler.enable(file=2, all_threads=False)


def limit_memory(mebibytes: int) -> None:
    """Let this process take that much more memory than it has: beyond it allocations fail, and nothing is watched.

    Linux only: other systems accept the limit and do not keep it.
    """
    limit_further(mebibytes * 2**20)


def can_limit_memory() -> bool:
    """Whether `limit_memory` is kept here."""
    return taken() is not None
