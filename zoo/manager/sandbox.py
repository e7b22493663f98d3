"""Tries a plugin out in a process of its own first: one that crashes, hangs or exits there costs only itself."""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import sys
import threading
from contextlib import suppress
from math import isfinite
from time import monotonic, sleep
from typing import TYPE_CHECKING, NoReturn

from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Attempt = Callable[[Callable[[str], None]], str]

LIMIT_SECONDS = 60.0
LIMIT_VARIABLE = "ZOO_PLUGIN_TIMEOUT"
PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)
_ANSWER = "="


def time_limit(environment: Mapping[str, str]) -> float:
    """Seconds that a plugin may take: ZOO_PLUGIN_TIMEOUT, or a minute; with 0 none is tried out first."""
    text = environment.get(LIMIT_VARIABLE) or str(LIMIT_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if seconds < 0 or not isfinite(seconds):
        raise ZooError(f"{LIMIT_VARIABLE}={text} is no number of seconds", "unset it, or give a number from 0", USAGE)
    return seconds


def is_possible() -> bool:
    """Whether this process may fork: after torch's operations, or beside other threads, a fork can hang."""
    return hasattr(os, "fork") and "torch" not in sys.modules and threading.active_count() == 1


def memory_limit() -> int:
    """Bytes that a plugin may take while it is tried out: half of the machine's."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def kill_group(pid: int, *, is_reaped: bool) -> None:
    """Kill the process `pid`, and whatever it started that is still in its group. SIGKILL, which nothing can ignore.

    Of one that `is_reaped` only the group is left: its number may be another's by now.
    """
    for kill in (os.killpg,) if is_reaped else (os.killpg, os.kill):  # one just begun may lead no group yet
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def limit_data(num_bytes: int) -> None:
    """Let this process have that many bytes of private, writable memory: allocations beyond fail. Lasts."""
    import resource  # which Windows does not have

    resource.setrlimit(resource.RLIMIT_DATA, (num_bytes, num_bytes))


def probe(attempt: Attempt, seconds: float) -> str:
    """What goes wrong with `attempt` in a fork of this process, in one line; empty where nothing does.

    `attempt` is given a function that names the step it begins, and returns what went wrong.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(attempt, writer)
    os.close(writer)
    deadline, status = monotonic() + seconds, None
    try:
        with suppress(OSError):  # the child does the same: whoever comes first
            os.setpgid(pid, pid)
        step, answer = _step_and_answer(_listen(reader, deadline))
        status = None if answer is not None else _wait(pid, deadline)
    finally:
        os.close(reader)
        kill_group(pid, is_reaped=status is not None)
        if status is None:
            os.waitpid(pid, 0)
    if answer is not None:
        return answer
    return f"{step}: {_how_it_ended(status) if status is not None else f'no answer after {seconds:g} s'}"


def _child(attempt: Attempt, writer: int) -> NoReturn:
    """Never returns, and leaves the parent's business alone: its exit handlers, buffers and streams."""
    try:
        os.setpgid(0, 0)
        _die_with_parent()
        with suppress(ImportError, OSError, ValueError):  # not every system keeps such a limit
            limit_data(memory_limit())
        _silence()

        def send(line: str) -> None:
            os.write(writer, f"{line}\n".encode())

        send(_ANSWER + attempt(send))
    finally:
        os._exit(1)  # whatever came before: only an answer counts, and sys.exit would run the parent's handlers


def _die_with_parent() -> None:
    """Let the kernel kill this process when its parent ends, where it can.

    The kernel's parent is the thread that forked, and the signal reaches this process alone, not what it started:
    enough for the child of a process with one thread, which is_possible() asks for.
    """
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _silence() -> None:
    """Show nothing of what is said here: the parent's unwritten output stays the parent's."""
    faulthandler.disable()  # it may hold a copy of stderr (pytest's does), and would write there
    for stream in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8", closefd=False)


def _listen(reader: int, deadline: float) -> str:
    """What the child says until its answer, its end or the deadline; blocks meanwhile."""
    text = "\n"  # so that an answer begins a line even where it is the first
    while f"\n{_ANSWER}" not in text or not text.endswith("\n"):
        ready, _, _ = select.select([reader], [], [], max(0.0, deadline - monotonic()))
        more = os.read(reader, 65536) if ready else b""
        if not more:
            break
        text += more.decode(errors="replace")
    return text


def _step_and_answer(text: str) -> tuple[str, str | None]:
    """The step that was reached, and the answer where one was given."""
    lines = ["import", *text.split("\n")]
    answers = [line.removeprefix(_ANSWER) for line in lines if line.startswith(_ANSWER)]
    steps = [line for line in lines if line and not line.startswith(_ANSWER)]
    return steps[-1], answers[0] if answers else None


def _wait(pid: int, deadline: float) -> int | None:
    """The status of a child that has fallen silent: it is about to end, unless it only closed its pipe."""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        if monotonic() >= deadline:
            return None
        sleep(0.005)


def _how_it_ended(status: int) -> str:
    """How a process ended that gave no answer."""
    code = os.waitstatus_to_exitcode(status)
    return f"crashed with {signal.Signals(-code).name}" if code < 0 else f"ended the process (exit {code})"
