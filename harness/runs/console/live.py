"""The live screen: finished lines that scroll by, and below them bars that are drawn over.

It draws when it is told of something, four times a second at most, and never while anything is timed: there is no
thread and no timer that could disturb a clock. rich keeps the bars below the lines; what they say is `frame`'s.
"""

from __future__ import annotations

import io
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, TextIO

from harness.runs.console.aside import set_aside
from harness.runs.console.events import Event, Note, Phase, Stage, Stopped, TrialEnded
from harness.runs.console.frame import LiveState, Span, after, cut, frame, text_of
from harness.runs.console.terminal import around_stops, is_in_front, rows_more, size_of
from harness.runs.console.words import mark, one_line, outcome, plain_lines
from results.tables.text import fit_for, wrapped

if TYPE_CHECKING:
    from typing import Self

    from rich.live import Live
    from rich.text import Text

# Seconds between two drawings as something goes on; four in any second are the most, with those before it is still.
SPACING, MOST, PERIOD = 0.34, 4, 1.0
STYLES = {"sign": "cyan", "done": "cyan", "open": "bright_black", "✓": "green", "✗": "red", "-": "yellow"}


@dataclass(slots=True, kw_only=True)
class LiveScreen:
    """Bars on `stream`, a terminal. Whatever ends it, the bars are gone and the cursor is where a line begins."""

    stream: TextIO
    has_colour: bool = True
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    is_read: bool = field(default=True, init=False)
    follows_batches: bool = field(default=True, init=False)
    shows_eta: bool = field(default=True, init=False)
    _state: LiveState = field(default_factory=LiveState)
    _is_still: bool = False
    _waiting: list[Text] = field(default_factory=list)
    _draws: deque[float] = field(default_factory=lambda: deque(maxlen=MOST))
    _drawn: list[str] = field(default_factory=list)
    _columns: int = 0
    _is_drawing: bool = False
    _live: Live | None = None
    _ending: ExitStack = field(default_factory=ExitStack)
    _aside: ExitStack = field(default_factory=ExitStack)
    _lock: RLock = field(default_factory=RLock)  # whoever prints may be a thread

    def __enter__(self) -> Self:
        self._ending.enter_context(around_stops(self._stopped, self._resumed))
        self._aside.enter_context(set_aside(self.stream, self.line))
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):  # a terminal that is gone needs no tidying, and hides no error
            self._aside.close()
            self._clear()
            self._print_waiting()
        self._ending.close()

    def line(self, text: str) -> None:
        """One whole line that stays."""
        self.tell(Note(text=text))

    def tell(self, event: Event) -> None:
        """Show an event: as a line that stays above the bars, or in the bars."""
        with self._lock:
            self._tell(event, self.clock())

    def _tell(self, event: Event, now: float) -> None:
        self._state = after(self._state, event, now)
        self._waiting += self._lines(event)
        if isinstance(event, Phase) and event.phase == "time":
            self._is_still = True  # not drawn before: who says so is being timed already
        elif not (self._is_still and isinstance(event, Note)):
            if self._waiting or self._is_due(event, now):
                self._draw()
            self._is_still = isinstance(event, Stage) and event.is_timed

    def _is_due(self, event: Event, now: float) -> bool:
        """Whether enough time has gone by; the last drawing before a silence has a place of its own."""
        if (isinstance(event, Stage) and event.is_timed) or (isinstance(event, Phase) and event.phase == "deliver"):
            return self._has_room(now)
        return self._has_room(now) and (not self._draws or now - self._draws[-1] >= SPACING)

    def _has_room(self, now: float) -> bool:
        return len(self._draws) < MOST or now - self._draws[0] >= PERIOD

    def _draw(self) -> None:
        """The bars, below the lines that have waited for it."""
        if not is_in_front(self.stream):
            self._print_waiting()
            return
        now = self.clock()
        self._draws.append(now)
        live = self._live = self._live or _started(self.has_colour)
        with self._in_one_piece(live) as columns:
            lines = [self._fitted(line, columns) for line in frame(self._state, columns - 1, now, self.wall())]
            self._drawn = [text_of(line) for line in lines]
            live.update(_text(lines))
            if self._waiting:
                live.console.print(*self._waiting, sep="\n", soft_wrap=True)
            live.refresh()
        self._waiting = []  # not before they are written

    def _clear(self) -> None:
        """Take the bars away."""
        live, self._live = self._live, None
        if live is not None:
            with self._in_one_piece(live):
                live.stop()

    @contextmanager
    def _in_one_piece(self, live: Live) -> Iterator[int]:
        """Write what is drawn within at once, or nothing of it; gives the columns that there are."""
        size, buffer = size_of(self.stream), io.StringIO()
        live.console.size, live.console.file = (size.columns, size.lines), buffer
        if size.columns < self._columns:  # rise above what a narrower terminal has made of the lines drawn last
            buffer.write("\r\x1b[2K\x1b[A" * rows_more(self._drawn, size.columns))
        self._is_drawing = True
        try:
            yield size.columns
            self.stream.write(buffer.getvalue())
            self.stream.flush()
            self._columns = size.columns
        finally:
            self._is_drawing = False

    def _stopped(self) -> None:
        if not self._is_drawing:
            self._clear()

    def _resumed(self) -> None:
        if not (self._is_drawing or self._is_still):
            self._draw()

    def _print_waiting(self) -> None:
        """The lines alone, where no bars are drawn."""
        for line in self._waiting:
            self.stream.write(f"{line.plain}\n")
        self.stream.flush()
        self._waiting = []

    def _lines(self, event: Event) -> list[Text]:
        """What stays of an event."""
        if not isinstance(event, Note | Stopped | TrialEnded):
            return []
        from rich.text import Text

        columns = size_of(self.stream).columns
        if isinstance(event, TrialEnded):
            words = self._fit(f"{event.label}  {outcome(event)}")
            first, *more = wrapped(words, columns - 3)
            sign = (f" {self._fit(mark(event))} ", STYLES[mark(event)])
            return [Text.assemble(sign, first), *(Text(f"   {line}") for line in more)]
        texts = [self._fit(line) for line in plain_lines(event, "")]
        return [Text(line) for text in texts for line in wrapped(text, columns)]

    def _fit(self, text: str) -> str:
        """One harmless line in signs that the terminal's encoding has."""
        return fit_for(self.stream.encoding, one_line(text))

    def _fitted(self, line: Sequence[Span], columns: int) -> list[Span]:
        """A line of the bars so; signs that had to be spelt out may have made it longer."""
        short = cut([(self._fit(text), style) for text, style in line], columns - 1)
        return [(text.replace("…", self._fit("…")[:1]), style) for text, style in short]


def _started(has_colour: bool) -> Live:
    from rich.console import Console
    from rich.live import Live

    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        force_interactive=True,
        force_jupyter=False,
        no_color=not has_colour,
        highlight=False,
        legacy_windows=False,
    )
    live = Live(
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        vertical_overflow="crop",
    )
    live.start()  # which hides the cursor, but not on the terminal: that is given only what is drawn later
    return live


def _text(lines: Sequence[Sequence[Span]]) -> Text:
    from rich.text import Text

    spans = [(text, STYLES.get(style, "")) for line in lines for text, style in [*line, ("\n", "")]][:-1]
    return Text.assemble(*spans, no_wrap=True, overflow="crop", end="")
