"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A topic and what was found; `problem` says what is wrong with it and what to do, empty where nothing is."""

    topic: str
    found: str
    problem: str = ""
