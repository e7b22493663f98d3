"""Workers of one host train side by side; who times is alone on it. Kept by the kernel, for all runs of one user.

A turnstile stands before the lock: who waits to be alone holds it, so that no worker begins another trial meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import ZooError


@contextmanager
def beside_others() -> Iterator[None]:
    """Within, nobody times on this host. Waits while somebody does, or waits for it."""
    turnstile, lock = _open("turnstile"), _open("timing.lock")
    try:
        fcntl.flock(turnstile, fcntl.LOCK_SH)
        fcntl.flock(lock, fcntl.LOCK_SH)
        fcntl.flock(turnstile, fcntl.LOCK_UN)
        yield
    finally:
        os.close(turnstile)
        os.close(lock)


@contextmanager
def alone_on_host(on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Within, no worker trains on this host and nobody else times; `on_wait` is called where that takes waiting."""
    handles = [_open("turnstile"), _open("timing.lock")]
    has_waited = False
    try:
        for handle in handles:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not has_waited:
                    on_wait()
                    has_waited = True
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        for handle in handles:
            os.close(handle)


def _open(name: str) -> int:
    """A file of this user on a disk of this very host: on a shared one it would be every host's."""
    path = Path(tempfile.gettempdir()) / f"harness-{os.getuid()}-{name}"
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        cause = f"{path} cannot be opened: {error.strerror}"
        raise ZooError(cause, "let TMPDIR name a folder of this host that can be written to") from error
