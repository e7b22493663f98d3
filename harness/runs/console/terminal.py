"""What is to be known of a terminal: whether its lines can be redrawn, how wide it is, what it does when resized."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from shutil import get_terminal_size
from types import FrameType
from typing import TextIO

from results.tables.text import width

UNABLE = {"", "dumb", "unknown"}
# Set by terminals that break lines anew when they become narrower; xterm and the Linux console cut them.
REFLOWING = (
    *("TMUX", "VTE_VERSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "WEZTERM_PANE", "ALACRITTY_WINDOW_ID"),
    *("ITERM_SESSION_ID", "WT_SESSION", "GHOSTTY_RESOURCES_DIR"),
)
USUAL = (80, 24)


def can_redraw(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether `stream` is a terminal whose cursor can be moved."""
    return stream is not None and stream.isatty() and environment.get("TERM", "") not in UNABLE


def size_of(stream: TextIO) -> os.terminal_size:
    """Columns and rows of that very terminal, as they are now; a terminal that says 0 does not know."""
    with suppress(OSError, ValueError):
        size = os.get_terminal_size(stream.fileno())
        if size.columns and size.lines:
            return size
    return get_terminal_size(USUAL)


def rows_more(lines: Sequence[str], columns: int, environment: Mapping[str, str] = os.environ) -> int:
    """How many rows more than lines these fill since the terminal has become `columns` wide."""
    if not any(environment.get(name) for name in REFLOWING):
        return 0
    return sum(max(0, -(-width(line) // columns) - 1) for line in lines)


def is_in_front(stream: TextIO) -> bool:
    """Whether this process may draw there: one that was sent to the background would draw over a shell's lines."""
    with suppress(OSError, ValueError):
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    return True  # no terminal that controls us: nobody else writes there


@contextmanager
def around_stops(before: Callable[[], None], after: Callable[[], None]) -> Iterator[None]:
    """Within, call `before` this process is stopped by Ctrl-Z and `after` it has gone on.

    Only a process's main thread may set a signal's handler; elsewhere, and where stops are ignored, nothing is called.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTSTP) != signal.SIG_DFL:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        before()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # comes back once the process was told to go on
        signal.signal(number, stop)
        after()

    signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
