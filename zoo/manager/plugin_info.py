"""What is known of one plugin once it was found: what it offers, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """What became of one plugin: `status` is "ok", "failed", "incomplete", "conflict" or "blocked", `detail` says why.

    `place` is the file and line of the cause, `remedy` what to do, `traceback` what Python said; `note` is what is to
    be said of a plugin that works.
    """

    name: str
    source: str
    status: str
    detail: str = ""
    version: str = ""
    millis: float = 0.0
    models: int = 0
    datasets: int = 0
    loggers: int = 0
    place: str = ""
    remedy: str = ""
    traceback: str = ""
    note: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether something of what it declares cannot be had."""
        return self.status in ("failed", "incomplete", "conflict")

    @property
    def explanation(self) -> str:
        """Cause, place and remedy in one line; or the note."""
        place = f", at {self.place}" if self.place else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.detail}{place}{remedy}" if self.detail else self.note
