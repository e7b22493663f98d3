"""What others print while bars are on a terminal, such as a plugin's hook: as lines above them, not in their midst."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


class Aside(io.TextIOBase):
    """Stands for `stream` and gives whole lines to `say`; after `close_aside`, whoever still has it writes as ever."""

    def __init__(self, stream: TextIO, say: Callable[[str], None]) -> None:
        self.stream, self.say, self.rest = stream, say, ""
        self.is_aside = True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute, which a property may stand for
        return self.stream.encoding

    def write(self, text: str) -> int:
        if not self.is_aside:
            return self.stream.write(text)
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            self.say(line)
        return len(text)

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    def close_aside(self) -> None:
        """Give the last line, if it is not whole."""
        self.is_aside = False
        if self.rest:
            self.say(self.rest)


@contextmanager
def set_aside(terminal: TextIO, say: Callable[[str], None]) -> Iterator[None]:
    """Within, `say` gets what is printed on `terminal`, where that is stderr, and on stdout if that is one too."""
    names = ["stderr"] if sys.stderr is terminal else []
    names += ["stdout"] if names and sys.stdout is not None and sys.stdout.isatty() else []
    before = {name: getattr(sys, name) for name in names}
    asides = {name: Aside(stream, say) for name, stream in before.items()}
    for name, aside in asides.items():
        setattr(sys, name, aside)
    try:
        yield
    finally:
        for name, stream in before.items():
            if getattr(sys, name) is asides[name]:  # or somebody else has put another in its place
                setattr(sys, name, stream)
            asides[name].close_aside()
