"""Keeps what a plugin prints as it is loaded out of a command's own output, which programs read."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def on_stderr() -> Iterator[None]:
    """Let all that is written to stdout inside go to stderr: Python's, and what C or another program writes."""
    stream, sys.stdout = sys.stdout, sys.stderr
    kept = _swapped()
    try:
        yield
    finally:
        sys.stdout = stream  # whatever a plugin has put there
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


def _swapped() -> int | None:
    """Put stderr in the place of stdout; returns another descriptor of stdout, or None where there are not both."""
    kept = None
    with suppress(OSError):
        kept = os.dup(1)
        os.dup2(2, 1)
    return kept
