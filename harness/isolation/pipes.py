"""Pipes from a child that may say anything, too much, or half of it: read without ever waiting for the rest."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

CHUNK = 65_536
MAX_MESSAGE = 16 * 2**20
MAX_LOG = 10 * 2**20


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a pipe; multiprocessing hands its connections over to a child."""

    reader: Connection
    writer: Connection


def open_pipe() -> Ends:
    """A pipe whose reading end never blocks."""
    reader, writer = Pipe(duplex=False)
    os.set_blocking(reader.fileno(), False)
    return Ends(reader, writer)


@dataclass(slots=True)
class _Reader:
    pipe: Connection
    ended: bool = False

    def fileno(self) -> int:
        """For `wait`."""
        return self.pipe.fileno()

    def close(self) -> None:
        self.pipe.close()

    def _chunks(self) -> Iterator[bytes]:
        """What is there now, a piece at a time and not without end: another writer may be faster than we are."""
        with suppress(BlockingIOError):
            for _ in range(MAX_MESSAGE // CHUNK):
                chunk = os.read(self.pipe.fileno(), CHUNK)
                if not chunk:
                    self.ended = True
                    return
                yield chunk


@dataclass(slots=True)
class Lines(_Reader):
    """JSON objects, one a line."""

    rest: bytearray = field(default_factory=bytearray)

    def read(self) -> Iterator[Mapping[str, Any]]:
        """The messages that are whole. Raises ValueError for what is none, or too long."""
        for chunk in self._chunks():
            self.rest += chunk
            if len(self.rest) > MAX_MESSAGE:
                raise ValueError(f"its message is longer than {MAX_MESSAGE >> 20} MB")
            # Not in all that came so far: a long message would be searched once for each of its pieces.
            if b"\n" in chunk:
                *lines, tail = self.rest.split(b"\n")
                self.rest = bytearray(tail)
                yield from (_message(bytes(line)) for line in lines)


@dataclass(slots=True)
class Log(_Reader):
    """Whatever a child printed, up to 10 MB."""

    kept: bytearray = field(default_factory=bytearray)
    num_dropped: int = 0

    def read(self) -> None:
        """Take what is there, and drop what is too much."""
        for chunk in self._chunks():
            room = MAX_LOG - len(self.kept)
            self.kept += chunk[:room]
            self.num_dropped += max(0, len(chunk) - room)

    def text(self) -> str:
        """What was kept, without control characters that a terminal would obey."""
        text = self.kept.decode("utf-8", "replace")
        clean = "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
        return clean + (f"\n[{self.num_dropped:,} more bytes were dropped]\n" if self.num_dropped else "")


def has_room(writer: Connection) -> bool:
    """Whether a short message can be written at once: poll(2) says so of a pipe with room for 4 KiB."""
    poll = select.poll()
    poll.register(writer.fileno(), select.POLLOUT)
    return bool(poll.poll(0))


def as_line(message: Mapping[str, Any]) -> bytes:
    """A message as a child sends it."""
    return json.dumps(message).encode() + b"\n"


def write_line(pipe: Connection, message: Mapping[str, Any]) -> None:
    """Send a whole message, from a child."""
    left = memoryview(as_line(message))  # a signal may end a write half-way
    while left:
        left = left[os.write(pipe.fileno(), left) :]


def _message(line: bytes) -> Mapping[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its message is no JSON ({type(error).__name__})") from error
    if not isinstance(message, dict):
        raise ValueError("its message is no JSON object")
    return message
