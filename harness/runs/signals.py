"""SIGTERM and SIGHUP as exceptions, so that they end a run the way Ctrl-C does: saved, and with words."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


class Terminated(BaseException):
    """The process was asked to end by a signal; no `except Exception` may swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number, self.exit_code = number, 128 + number


@contextmanager
def signals_raise() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP raise Terminated; what handled them before does so again afterwards."""
    is_main = threading.current_thread() is threading.main_thread()  # Python lets no other thread set a handler
    numbers = (signal.SIGTERM, signal.SIGHUP) if is_main else ()
    before = {number: signal.signal(number, _raise) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, frame: object) -> NoReturn:
    raise Terminated(number)
