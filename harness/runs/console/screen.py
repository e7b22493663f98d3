"""The ways of showing what happens: nothing, plain lines, events as JSON, or a live screen; and which of them it is."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TextIO

from harness.runs.console.events import NAMES, Event, Note, Stage, as_json
from harness.runs.console.terminal import can_redraw
from harness.runs.console.words import one_line, plain_lines
from results.tables.text import fit_for
from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from typing import Self

STAGE_SECONDS = 0.5  # between two events of one stage


class Screen(Protocol):
    """Where a run and its like are shown. A context manager: whatever it has drawn is gone when it is left.

    `is_read` says whether anybody reads it, `follows_batches` whether it shows how far an epoch is, `shows_eta`
    whether how long the rest takes is wanted of small runs, too.
    """

    is_read: bool
    follows_batches: bool
    shows_eta: bool

    def tell(self, event: Event) -> None: ...

    def line(self, text: str) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


@dataclass(slots=True)
class _Still:
    """What has nothing to take back."""

    is_read: bool = field(default=True, init=False)
    follows_batches: bool = field(default=False, init=False)
    shows_eta: bool = field(default=False, init=False)

    def tell(self, event: Event) -> None:
        """Show an event."""

    def line(self, text: str) -> None:
        """One whole line, whatever a plugin's words in it would do to a terminal."""
        self.tell(Note(text=text))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class NoScreen(_Still):
    """For --quiet."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read = False


@dataclass(slots=True)
class PlainScreen(_Still):
    """Lines, those of epochs and trials with the time of day."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)

    def tell(self, event: Event) -> None:
        for line in plain_lines(event, time.strftime("%H:%M:%S")):
            self.stream.write(f"{fit_for(self.stream.encoding, one_line(line))}\n")
        self.stream.flush()


@dataclass(slots=True)
class JsonScreen(_Still):
    """Events, one JSON object a line, in ASCII: what strangers named is escaped."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    _stage: tuple[str, float] = ("", 0.0)

    def __post_init__(self) -> None:
        self.shows_eta = True

    def tell(self, event: Event) -> None:
        is_blank = isinstance(event, Note) and not event.text
        if is_blank or type(event) not in NAMES or (isinstance(event, Stage) and self._is_too_soon(event)):
            return
        self.stream.write(f"{json_line(event)}\n")
        self.stream.flush()

    def _is_too_soon(self, stage: Stage) -> bool:
        name, told = self._stage
        now = self.clock()
        if stage.name == name and now - told < STAGE_SECONDS and stage.done < stage.total:
            return True
        self._stage = (stage.name, now)
        return False


def json_line(event: Event) -> str:
    """An event as `--log json` shows it."""
    return json.dumps(as_json(event, datetime.now(UTC).isoformat(timespec="milliseconds")), allow_nan=False)


def open_screen(log: str | None, *, quiet: bool = False, environment: Mapping[str, str] = os.environ) -> Screen:
    """The screen that was asked for on stderr: without a word live on a terminal that can redraw, else plain.

    Raises ZooError (usage) for a live screen where it cannot be.
    """
    if quiet:
        return NoScreen()
    able = can_redraw(sys.stderr, environment)
    if log == "live" and not able:
        cause = "--log live redraws lines of a terminal, and stderr is none that can"
        raise ZooError(cause, "leave --log out, or give --log plain", USAGE)
    if log == "json":
        return JsonScreen()
    if log == "plain" or not able or (log is None and environment.get("NO_COLOR")):
        return PlainScreen()
    from harness.runs.console.live import LiveScreen

    return LiveScreen(stream=sys.stderr, has_colour=not environment.get("NO_COLOR"))
