"""Noticing that this process was stopped for a while: by Ctrl-Z, by SIGSTOP, by a batch system that makes room."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stops_noticed() -> Iterator[list[int]]:
    """A list that is one longer each time this process goes on after it was stopped.

    Only a process's main thread may set a signal's handler; elsewhere, and where there is no SIGCONT, none is noticed.
    """
    stops: list[int] = []
    number = getattr(signal, "SIGCONT", None)
    if number is None or threading.current_thread() is not threading.main_thread():
        yield stops
        return
    before = signal.signal(number, lambda number, frame: stops.append(number))
    try:
        yield stops
    finally:
        # None is a handler that C code has set: Python can neither name it nor put it back.
        signal.signal(number, before or signal.SIG_DFL)
