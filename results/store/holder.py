"""Which process holds something in a run's folder, and whether it is known to be gone."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping

PROC = Path("/proc")
HIDDEN = "hidden"  # what /proc does not show of a process of somebody else


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process: its host by name, its number, and what tells that number from others.

    `boot` is the kernel's boot and the namespace that the number holds in, `start` when the process began, in the
    kernel's ticks since that boot; both are "" where the system does not say.
    """

    host: str
    pid: int
    boot: str = ""
    start: str = ""

    @classmethod
    def this(cls) -> Holder:
        """This very process."""
        pid = os.getpid()
        return cls(host=socket.gethostname(), pid=pid, boot=_boot(), start=_start(pid))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Holder:
        """What `as_json` gave. Raises KeyError, TypeError or ValueError where it is none."""
        return cls(host=str(data["host"]), pid=int(data["pid"]), boot=str(data["boot"]), start=str(data["start"]))

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @property
    def is_gone(self) -> bool:
        """Whether it is known to have ended. Of a process of another host nothing is known but its signs of life.

        Names of hosts do not tell hosts apart, since containers share them: the kernel's boot does.
        """
        return bool(self.boot) and self.boot == _boot() and _start(self.pid) not in (self.start, HIDDEN)

    def is_same_host(self) -> bool:
        """Whether it ran on this host: by name, since a host may have been started anew, or by boot."""
        return self.host == socket.gethostname() or (bool(self.boot) and self.boot == _boot())


@cache
def host_mark() -> str:
    """Eight hexadecimal digits for this host, by its name and what systemd calls it: the same after it starts anew."""
    machine = ""
    with suppress(OSError):
        machine = Path("/etc/machine-id").read_text().strip()
    return f"{crc32(f'{socket.gethostname()} {machine}'.encode()):08x}"


@cache
def _boot() -> str:
    with suppress(OSError):
        return f"{(PROC / 'sys/kernel/random/boot_id').read_text().strip()} {(PROC / 'self/ns/pid').readlink()}"
    return ""


def _start(pid: int) -> str:
    """When the process began; "" where there is none, or one that has ended and is waited for."""
    with suppress(OSError):
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in ("Z", "X") else fields[19]
    with suppress(ProcessLookupError, OverflowError):
        with suppress(PermissionError):
            os.kill(pid, 0)
        return HIDDEN
    return ""
