"""The command line in a process of its own that can be signalled, 0.3 s after it was asked for.

It comes from the test process's fork server and shares that server, instead of importing torch twice more.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from harness.isolation.supervisor import start_server

PAUSE_S = 20.0


class Parent:
    """`harness` with `arguments`, which stops for a while in the function `pause_in` ("module:name") if one is named.

    What it prints goes to `folder/said`; `folder/paused` appears when it has come to that function. With `host` it
    takes itself for a process of a host of that name.
    """

    def __init__(self, folder: Path, arguments: list[str], pause_in: str = "", host: str = "") -> None:
        start_server()
        context = multiprocessing.get_context("forkserver")
        address = forkserver._forkserver._forkserver_address
        self.folder = folder
        words = (address, dict(os.environ), str(folder), arguments, pause_in, host)
        self.process = context.Process(target=_main, args=words)
        self.process.start()

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    @property
    def said(self) -> str:
        path = self.folder / "said"
        return path.read_text() if path.exists() else ""

    def wait_for(self, path: str, seconds: float = 20) -> None:
        """Wait until a file that matches `path` is there."""
        deadline = time.monotonic() + seconds
        while not any(self.folder.glob(path)):
            assert time.monotonic() < deadline, f"no {path}; said: {self.said}"
            assert self.process.is_alive(), self.said
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def ended(self, seconds: float = 20) -> int | None:
        """The exit code, once it has ended."""
        self.process.join(seconds)
        return self.process.exitcode


def _main(
    address: Any, environment: dict[str, str], folder: str, arguments: list[str], pause_in: str, host: str
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    forkserver._forkserver._forkserver_address = address
    forkserver._forkserver.ensure_running = lambda: None
    forkserver.ensure_running = lambda: None
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGHUP})
    # A test run that was started in the background ignores Ctrl-C, and so would all that comes of it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    handle = os.open("said", os.O_WRONLY | os.O_CREAT)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    if host:
        from results.store import holder

        holder._boot = lambda: host
    if pause_in:
        _pause_in(*pause_in.split(":"))
    from harness.cli.main import main

    code = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _pause_in(module: str, name: str) -> None:
    """Let the function announce that it was called, and wait."""
    place = importlib.import_module(module)
    *owners, last = name.split(".")
    for owner in owners:
        place = getattr(place, owner)
    original = getattr(place, last)

    def paused(*args: Any, **kwargs: Any) -> Any:
        Path("paused").touch()
        time.sleep(PAUSE_S)
        return original(*args, **kwargs)

    setattr(place, last, paused)
