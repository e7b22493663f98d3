"""Starts children that leave the caller's script alone, so that it needs no `if __name__ == "__main__"`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import spawn
from typing import Any

_one_at_a_time = threading.Lock()


@contextmanager
def left_alone() -> Iterator[None]:
    """Within, this thread's children do not run the main module as they start.

    By default each would: a script that calls `harness.run` would begin another run in every trial, and one that was
    read from stdin ends with FileNotFoundError. Trials take nothing from it, as they get their jobs as JSON.
    """
    caller = threading.get_ident()
    with _one_at_a_time:
        whole = spawn.get_preparation_data

        def without_main(name: str) -> dict[str, Any]:
            prepared: dict[str, Any] = whole(name)
            if threading.get_ident() == caller:  # other threads' children may need what their script defines
                prepared = {key: value for key, value in prepared.items() if not key.startswith("init_main")}
            return prepared

        spawn.get_preparation_data = without_main
        try:
            yield
        finally:
            spawn.get_preparation_data = whole
