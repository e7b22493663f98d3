"""A Ray of this machine's own, in a process and a group that end with the run, however sudden that is.

Ray started by the run's own process would leave some of its processes behind where that one is killed (seen of 2.60),
and would be in the group that a terminal's Ctrl-C reaches.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from harness.isolation.interpreter import same_modules
from harness.machine.system import num_cpus

SAID = "head.txt"


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """A Ray that keeps its files in `folder`, for so long; yields its address. Raises OSError where it cannot start."""
    command = [sys.executable, "-m", "harness.cluster.ray_engine.head", str(folder)]
    with (folder / SAID).open("wb") as said, same_modules():
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, start_new_session=True
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().decode().strip()
        if not address:
            lines = (folder / SAID).read_text(errors="replace").strip().splitlines()
            raise OSError(lines[-1][:200] if lines else "it ended without a word")
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdin.close()
        process.stdout.close()


def settings(folder: str) -> dict[str, Any]:
    """What Ray is asked: the cores that this process may use, no page, and files in a folder of the run."""
    return {
        "num_cpus": num_cpus(),
        "include_dashboard": False,
        "log_to_driver": False,
        "logging_level": "ERROR",
        "_temp_dir": folder,
    }


def main(folder: str) -> None:
    """Start Ray, say its address, and end with the process that holds the other end of stdin."""
    out = os.dup(1)
    os.dup2(2, 1)  # what Ray prints is no address
    import ray

    context = ray.init("local", **settings(folder))
    os.write(out, f"{context.address_info['address']}\n".encode())
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
