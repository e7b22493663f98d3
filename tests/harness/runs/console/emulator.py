"""A command on a pseudo-terminal that a kept emulator (pyte) shows: what a person would see, and when it was drawn."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path

import pyte


class Terminal(pyte.HistoryScreen):
    """Keeps every row that has scrolled away."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines, history=10_000, ratio=0.5)

    def rows(self) -> list[str]:
        """All rows from the first, those in the scrollback too, without what is blank at the end."""
        above = ["".join(row[column].data for column in range(self.columns)) for row in self.history.top]
        rows = [row.rstrip() for row in (*above, *self.display)]
        while rows and not rows[-1]:
            rows.pop()
        return rows


def _own_terminal() -> None:
    """Of the child: what a shell ignores for those that it puts in the background must not come down to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def feed(columns: int, lines: int, *pieces: str) -> Terminal:
    """A terminal that got these pieces of output."""
    terminal = Terminal(columns, lines)
    stream = pyte.Stream(terminal)
    for piece in pieces:
        stream.feed(piece.replace("\n", "\r\n"))
    return terminal


@dataclass
class Session:
    """A command that runs on a terminal of its own."""

    command: list[str]
    columns: int = 100
    lines: int = 24
    cwd: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    drawings: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.terminal = Terminal(self.columns, self.lines)
        self.stream = pyte.ByteStream(self.terminal)
        self.master, slave = pty.openpty()
        self._set_size(self.columns, self.lines)
        unwanted = {"NO_COLOR", "COLUMNS", "LINES", "TMUX", "VTE_VERSION"}
        inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
        self.process = subprocess.Popen(
            self.command,
            stdin=slave, stdout=slave, stderr=slave, cwd=self.cwd, close_fds=True, start_new_session=True,
            env={**inherited, "TERM": "xterm-256color", **self.environment},
            preexec_fn=_own_terminal,
        )  # fmt: skip
        os.close(slave)

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        """As a person does it with the window."""
        self._set_size(columns, lines)
        self.terminal.resize(lines, columns)

    def read(self, seconds: float) -> bool:
        """Show what comes within that time; False once nothing more can."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    data = os.read(self.master, 65_536)
                except OSError:  # Linux's word for the end of a terminal's last user
                    return False
                if not data:
                    return False
                self.drawings.append((time.monotonic(), data))
                self.stream.feed(data)
        return True

    def until(self, pattern: str, seconds: float = 60.0) -> None:
        """Read until a row matches the regular expression."""
        end = time.monotonic() + seconds
        while not any(re.search(pattern, row) for row in self.terminal.rows()):
            assert time.monotonic() < end, self.terminal.rows()
            assert self.read(0.05) or self.process.poll() is None, self.terminal.rows()

    def finish(self, seconds: float = 120.0) -> int:
        """Read to the end; returns the exit code."""
        while self.read(seconds):
            assert self.process.poll() is None, self.terminal.rows()
        os.close(self.master)
        return self.process.wait()

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)
