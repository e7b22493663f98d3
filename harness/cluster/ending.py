"""What ends a worker before the run is over: its time is up, or whoever started it has gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TimeIsUp(BaseException):
    """The worker's minutes are over; no `except Exception` may swallow it."""


@contextmanager
def time_limit(minutes: float | None) -> Iterator[None]:
    """Within, TimeIsUp is raised once, after so many minutes."""
    if minutes is None:
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise)
    signal.setitimer(signal.ITIMER_REAL, max(60 * minutes, 1e-3))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def end_with_stdin() -> None:
    """From now on, send this process SIGTERM when its standard input ends: its starter, or the connection, is gone."""
    threading.Thread(target=_end_after_stdin, name="end with stdin", daemon=True).start()


def _end_after_stdin() -> None:
    stdin = sys.stdin.fileno()
    while os.read(stdin, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _raise(number: int, frame: object) -> None:
    raise TimeIsUp
