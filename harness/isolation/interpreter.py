"""How Python is started for children: it finds the modules that this process finds, and a socket that fits.

And it leaves the caller's script alone, so that this needs no `if __name__ == "__main__"`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import spawn, util
from typing import Any

from zoo.errors import ZooError

# Of a socket's path in sockaddr_un, with its closing NUL: 108 on Linux, 104 on BSD and macOS.
LONGEST_SOCKET = 104
# What multiprocessing puts below the folder for temporary files: its own folder, and the socket in it.
SOCKET = os.sep + "pymp-12345678" + os.sep + "listener-12345678"
SHORT_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")
_one_at_a_time = threading.Lock()


@contextmanager
def same_modules() -> Iterator[None]:
    """Within, a Python that is started looks for modules where this one does, and first of all nowhere else.

    Python gives multiprocessing's children `-c`, which puts the current folder first: a `torch.py` that happens to
    lie there would be their torch. Where this process looks is told to them only once they run, and to a fork server
    of some versions not at all.
    """
    # A path with a colon in it cannot be told; '' is the current folder.
    folders = [folder or os.getcwd() for folder in sys.path if os.pathsep not in folder]
    with environment(PYTHONSAFEPATH="1", PYTHONPATH=os.pathsep.join(folders)):
        yield


@contextmanager
def environment(**changes: str) -> Iterator[None]:
    """Within, these variables of the environment have these values."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def place_socket() -> None:
    """Let multiprocessing keep its socket in a folder with a short path, where that of $TMPDIR is too long for one.

    A socket's path may have some hundred bytes; clusters and macOS name folders at greater length. Called before the
    fork server starts: multiprocessing makes its folder, which nobody else can enter, only once. Raises ZooError.
    """
    usual = _usual_folder()
    if usual and len(os.fsencode(usual + SOCKET)) < LONGEST_SOCKET:
        return
    for folder in filter(_is_writable, SHORT_FOLDERS):
        tempfile.tempdir = folder
        try:
            util.get_temp_dir()
        finally:
            tempfile.tempdir = usual
        return
    cause = f"no folder for temporary files has a path short enough for a socket ({usual or 'none can be written'})"
    raise ZooError(
        cause, f"set TMPDIR to a folder whose path has at most {LONGEST_SOCKET - 1 - len(SOCKET)} characters"
    )


def _usual_folder() -> str | None:
    """Where temporary files go; None where no such folder can be written."""
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        return None


def _is_writable(folder: str) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


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
