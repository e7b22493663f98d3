"""Another process, started once for all models of a plugin, and what it says of each: `zoo.testing.fresh_process`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import finalize

from zoo.errors import ZooError
from zoo.manager.memory_limit import room_below_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoo.specs import Task

SECONDS = 600
OTHER_SEED = 2  # from which this process builds its second model: what the first left behind would show
TAIL = 200
CHUNK = 1 << 16
LONGEST_FOLDER = 80  # a socket's path may have some hundred bytes
SHORT_FOLDER = "/tmp"
SOCKET, LOG = "socket", "log"


class FreshProcess:
    """The process for the plugin of `source`, found with the -p arguments `plugins`; it ends with this object."""

    def __init__(self, source: str, plugins: Sequence[str]) -> None:
        self.source, self.plugins = source, list(plugins)

    def ask(self, name: str, task: Task) -> Question:
        """Ask it of a model."""
        return Question(self.folder, name, task)

    @cached_property
    def folder(self) -> str:
        """Where it listens; it is started when this is first asked for."""
        usual = tempfile.gettempdir()
        folder = tempfile.mkdtemp(prefix="zoo-", dir=usual if len(usual) < LONGEST_FOLDER else SHORT_FOLDER)
        job = {"address": str(Path(folder, SOCKET)), "source": self.source, "plugins": self.plugins}
        seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        with Path(folder, LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "zoo.testing.fresh_process", json.dumps(job)],
                env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed, "ZOO_PLUGIN_TIMEOUT": "0"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        finalize(self, _end, process, folder, os.getpid())
        assert process.stdout
        process.stdout.readline()  # its socket is there, or it has ended
        return folder


def _end(process: subprocess.Popen[bytes], folder: str, owner: int) -> None:
    if os.getpid() != owner:  # a fork of it, which ends
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # and what it answers at the moment
    with process:
        pass
    shutil.rmtree(folder, ignore_errors=True)


class Question:
    """Asks the fresh process of `folder` of a model built for `task`, and lets it build while this process does.

    Where this process may take so much memory and no more, that one may take half of it: it builds one model, this two.
    """

    def __init__(self, folder: str, name: str, task: Task) -> None:
        self.log = Path(folder, LOG)
        fields = {key: value for key, value in asdict(task).items() if key not in ("options", "weights")}
        room = room_below_limit()
        words = {"name": name, "task": fields, "room": int(room / 2) if isfinite(room) else None}
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SECONDS)
        with suppress(OSError):  # which the answer says
            self.socket.connect(str(Path(folder, SOCKET)))
            self.socket.sendall(json.dumps(words).encode())
            self.socket.shutdown(socket.SHUT_WR)

    def answer(self) -> dict[str, Any]:
        """What it says, waited for once. Raises ZooError where it says nothing."""
        try:
            with self.socket:
                answer: dict[str, Any] = json.loads(read_all(self.socket))
        except (OSError, ValueError):
            lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            last = (lines or ["it ended without a word"])[-1]
            raise ZooError(f"a process of its own says nothing: {last[:TAIL]}", "see: harness plugins") from None
        return answer


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side has said all."""
    return b"".join(iter(lambda: connection.recv(CHUNK), b""))
