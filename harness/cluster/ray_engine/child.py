"""The process of a trial, as a task starts it: torch is imported in the child, and never by the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def main(text: str, messages: Connection, log: Connection) -> None:
    """What the supervisor starts."""
    from harness.isolation import worker

    worker.main(text, messages, log)
