"""Tries a plugin out in a process of its own first: one that crashes, hangs or exits there costs only itself."""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import isfinite
from time import monotonic, sleep
from typing import TYPE_CHECKING, NoReturn

from zoo.errors import USAGE, ZooError
from zoo.manager.memory_limit import limit_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Attempt = Callable[[Callable[[str], None]], str]

LIMIT_SECONDS = 60.0
LIMIT_VARIABLE = "ZOO_PLUGIN_TIMEOUT"
PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)
STACK_SECONDS = 0.5  # a process that is told to say where it is does so at once, or never
FIRST_STEP = "import"
# How the lines of a child begin; a stack's begin with none of these.
_ANSWER, _STEP, _OVER = "=", ">", "."


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a process ended that should have answered: in which step, how in a few words, and the stack where it was."""

    step: str
    how: str
    stack: str = ""
    is_timeout: bool = False


def probe(attempts: Sequence[Attempt], seconds: float, is_spoilt: Callable[[], bool]) -> list[str | Ending]:
    """What each of `attempts` answers in a fork of this process that has `seconds` for each, or how it ended there.

    An attempt is given a function that names the step it begins, and returns one line. One fork makes one after the
    other, since a fork costs more than most attempts, until one ends it or leaves it `is_spoilt` for those behind it;
    then another goes on. One that crashes a fork behind others is the first of the next one, which decides.
    """
    results: list[str | Ending] = []
    while len(results) < len(attempts):
        answers, ending = _in_a_fork(attempts[len(results) :], seconds, is_spoilt)
        results += answers
        if ending is not None and (ending.is_timeout or not answers):
            results.append(ending)
    return results


def _in_a_fork(
    attempts: Sequence[Attempt], seconds: float, is_spoilt: Callable[[], bool]
) -> tuple[list[str], Ending | None]:
    """The answers that came, in order, and how the fork ended where it did so before its work was done."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(attempts, writer, is_spoilt)
    os.close(writer)
    talk, status = _Talk(reader), None
    try:
        with suppress(OSError):  # the child does the same: whoever comes first
            os.setpgid(pid, pid)
        while len(talk.answers) < len(attempts) and talk.next_answer(deadline := monotonic() + seconds):
            pass
        if talk.is_over or len(talk.answers) == len(attempts):
            return talk.answers, None
        answers, step = list(talk.answers), talk.step  # an answer that comes while the stack is awaited is too late
        status = _wait(pid, deadline)
        if status is None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR2)
            talk.listen(monotonic() + STACK_SECONDS)
    finally:
        os.close(reader)
        kill_group(pid, is_reaped=status is not None)
        if status is None:
            os.waitpid(pid, 0)
    how = _how_it_ended(status) if status is not None else f"no answer after {seconds:g} s"
    return answers, Ending(step=step, how=how, stack=talk.rest, is_timeout=status is None)


class _Talk:
    """What a child says, line by line: the steps that it begins, its answers, and what is neither (a stack)."""

    def __init__(self, reader: int) -> None:
        self.reader = reader
        self.answers: list[str] = []
        self.step = FIRST_STEP
        self.rest = ""
        self.is_over = False
        self._text = ""

    def next_answer(self, deadline: float) -> bool:
        """Whether another answer came before the deadline, the end of the work, and that of the process."""
        known = len(self.answers)
        while len(self.answers) == known and not self.is_over:
            self._take_lines(1)
            if len(self.answers) == known and not self.is_over and not self._more(deadline):
                return False
        return not self.is_over

    def listen(self, deadline: float) -> None:
        """Take in all that comes until the deadline, or until nothing can."""
        while self._more(deadline):
            self._take_lines()

    def _more(self, deadline: float) -> bool:
        ready, _, _ = select.select([self.reader], [], [], max(0.0, deadline - monotonic()))
        more = os.read(self.reader, 65536) if ready else b""
        self._text += more.decode(errors="replace")
        if not more:
            self._take_lines()
        return bool(more)

    def _take_lines(self, num_answers: int | None = None) -> None:
        """Sort the whole lines that have come, no further than that many answers."""
        known = len(self.answers)
        while "\n" in self._text and (num_answers is None or len(self.answers) - known < num_answers):
            line, _, self._text = self._text.partition("\n")
            mark, words = line[:1], line[1:]
            if mark == _ANSWER:
                self.answers.append(words)
                self.step, self.rest = FIRST_STEP, ""
            elif mark == _STEP:
                self.step = words
            elif mark == _OVER:
                self.is_over = True
            else:
                self.rest += f"{line}\n"


def _child(attempts: Sequence[Attempt], writer: int, is_spoilt: Callable[[], bool]) -> NoReturn:
    """Never returns, and leaves the parent's business alone: its exit handlers, buffers and streams."""
    leave, pid = os._exit, os.getpid()
    try:
        os.setpgid(0, 0)
        _die_with_parent()
        with suppress(ImportError, OSError, ValueError):  # not every system keeps such a limit
            limit_data(memory_limit())
        _silence()
        _tell_stacks(writer)

        def send(line: str) -> None:
            if os.getpid() != pid:  # a plugin forked, and its own child has come as far as this
                leave(1)
            os.write(writer, f"{line}\n".encode(errors="replace"))

        os._exit = partial(_exit_with_stack, writer, leave)
        for attempt in attempts:
            send(_ANSWER + attempt(lambda step: send(_STEP + step)))
            if is_spoilt():
                break
        send(_OVER)
    finally:
        leave(1)  # whatever came before: only an answer counts, and sys.exit would run the parent's handlers


def _tell_stacks(writer: int) -> None:
    """Write where Python is when it crashes, and when the parent has waited long enough."""
    faulthandler.enable(file=writer, all_threads=False)
    faulthandler.register(signal.SIGUSR2, file=writer, all_threads=False)


def _exit_with_stack(writer: int, leave: Callable[[int], NoReturn], status: int) -> NoReturn:
    with suppress(OSError, ValueError):
        faulthandler.dump_traceback(file=writer, all_threads=False)
    leave(status)


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
    for stream in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8", closefd=False)


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
