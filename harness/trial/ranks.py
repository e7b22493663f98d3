"""The further processes of a trial that several train: forked from its first, which meets them and hears of their end.

The first is the trial's process as ever: it alone talks to the parent, saves checkpoints and delivers. The others are
descendants of it and of its group, so that time limit, Ctrl-C and the parent's end reach them as they reach it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from multiprocessing import Pipe
from multiprocessing.connection import wait
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist

from harness.machine.device_names import device_of_rank
from harness.machine.oom import KILLED, is_out_of_memory
from harness.training.ddp.peers import Peers
from harness.trial.outcome import lost
from zoo.errors import first_line

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from harness.trial.outcome import Outcome

BACKENDS = {"cpu": "gloo", "cuda": "nccl"}
# A process that hangs is ended at the trial's own limit: one that torch has for each message would be a second.
NEVER = timedelta(days=365)
LOOPBACK = "127.0.0.1"
SAID_S = 1.0  # for the end of another process, once this one has failed: it may be the cause, and come a moment later
GRACE_S = 5.0  # for this process to fail by itself once another has ended: on an accelerator it may wait for ever

Part = Callable[["Seat"], None]


@dataclass(frozen=True, slots=True)
class Seat:
    """What a further process knows of itself: its rank among `world_size`, and its pipe to the first."""

    rank: int
    world_size: int
    pipe: Connection

    def join(self, device: str) -> Peers:
        """Meet the others, this one at work on `device`; waits for them."""
        port = int(json.loads(self.pipe.recv_bytes())["port"])
        store = dist.TCPStore(LOOPBACK, port, self.world_size, False, NEVER)  # type: ignore[attr-defined]
        return _joined(self.rank, self.world_size, store, torch.device(device))


@dataclass(slots=True)
class Ranks:
    """The further processes, as the first of the trial sees them."""

    processes: Sequence[BaseProcess]
    pipes: Sequence[Connection]
    released: Event = field(default_factory=Event)

    def join(self, device: str) -> Peers:
        """Let all processes meet, this one at work on `device`; waits for them."""
        world_size = len(self.pipes) + 1
        store = dist.TCPStore(LOOPBACK, 0, world_size, True, NEVER, False)  # type: ignore[attr-defined]
        for pipe in self.pipes:
            pipe.send_bytes(json.dumps({"port": store.port}).encode())
        return _joined(0, world_size, store, torch.device(device_of_rank(device, 0)))

    def release(self) -> None:
        """Let the others end, which have nothing left to do; one that still waits for this one is ended."""
        self.released.set()
        _leave_group()
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            process.join(SAID_S)
            process.kill()
            process.join()

    def watch(self, on_lost: Callable[[str, str], None]) -> None:
        """Call `on_lost` with status and cause where another process ended and this one has not failed of it by itself.

        That is in a thread, which waits asleep. gloo says at once that another process is lost; NCCL would wait for it.
        """
        Thread(target=self._watch, args=(on_lost,), name="watch ranks", daemon=True).start()

    def _watch(self, on_lost: Callable[[str, str], None]) -> None:
        wait([process.sentinel for process in self.processes])
        if not self.released.wait(GRACE_S):
            on_lost(*next(self._ends()))

    def explained(self, outcome: Outcome) -> Outcome:
        """A failed outcome with the cause of another process's end, where one has ended before its time."""
        findings = outcome.findings
        if findings.error is None or findings.status not in ("failed", "oom") or self.released.is_set():
            return outcome
        wait([process.sentinel for process in self.processes], SAID_S)
        for status, cause in self._ends():
            if cause.partition(": ")[2] != findings.error.cause:  # else all have met the same
                return replace(outcome, findings=lost(status=status, phase=findings.error.phase, cause=cause))
        return outcome

    def _ends(self) -> Iterator[tuple[str, str]]:
        """Status and cause of each further process that has ended."""
        for process, pipe in zip(self.processes, self.pipes, strict=True):
            if wait([process.sentinel], 0):
                status, cause = _last_words(process, pipe)
                yield status, f"{process.name}: {cause}"


def start(world_size: int, part: Part) -> Iterator[Ranks]:
    """Fork the further processes of `world_size`, each of which does its `part` and waits to be released.

    None come of a single one. Called while this process has neither threads nor a device: what torch starts in one does
    not survive a fork.
    """
    if world_size == 1:
        return
    pipes = [Pipe() for _ in range(world_size - 1)]
    own, theirs = [one for one, _ in pipes], [other for _, other in pipes]
    context = multiprocessing.get_context("fork")
    names = [f"process {rank + 1} of {world_size}" for rank in range(1, world_size)]
    processes = [
        context.Process(target=_serve, args=(part, at, own, theirs), name=name) for at, name in enumerate(names)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, of which there are none
        for process in processes:
            process.start()
    for other in theirs:
        other.close()
    yield Ranks(processes, own)


def _serve(part: Part, at: int, firsts: Sequence[Connection], theirs: Sequence[Connection]) -> None:
    """The life of a further process; it ends without a farewell, as trials do."""
    # Who stops a trial may signal all of its processes: the first saves a checkpoint, for which it needs the others.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for other in (*firsts, *(one for one in theirs if one is not theirs[at])):
        other.close()  # else the first one's end would not end the pipe
    pipe = theirs[at]
    try:
        part(Seat(at + 1, len(theirs) + 1, pipe))
    except BaseException as error:
        traceback.print_exc()
        cause = str(getattr(error, "cause", None) or f"{type(error).__name__}: {first_line(error)}")
        status = "oom" if is_out_of_memory(error) else "failed"
        with suppress(OSError):
            pipe.send_bytes(json.dumps({"cause": cause, "status": status}).encode())
        os._exit(1)
    _leave_group()
    with suppress(EOFError, OSError):
        pipe.recv_bytes()
    os._exit(0)


def _leave_group() -> None:
    """NCCL's is left by all together. gloo's is left to the process's end: its destructor waits for a thread that may
    wait for Python's lock (seen with torch 2.6), for ever."""
    if dist.get_backend() == "nccl":
        dist.destroy_process_group()


def _joined(rank: int, world_size: int, store: Any, device: torch.device) -> Peers:
    # All are on this machine: gloo would else look for the address of the machine's name, which may have none.
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "")
    if loopback:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
    if device.type != "cpu":
        torch.cuda.set_device(device)
    backend = BACKENDS[device.type]
    dist.init_process_group(backend, store=store, rank=rank, world_size=world_size, timeout=NEVER)
    return Peers(rank=rank, world_size=world_size)


def _last_words(process: BaseProcess, pipe: Connection) -> tuple[str, str]:
    """Status and cause of a process's end: as it said, or as its end shows."""
    with suppress(EOFError, OSError):
        if pipe.poll(0):
            said = json.loads(pipe.recv_bytes())
            return said["status"], said["cause"]
    process.join()
    code = process.exitcode or 0
    if code == -signal.SIGKILL:
        return "failed", KILLED
    return "failed", f"crashed with {signal.Signals(-code).name}" if code < 0 else f"it ended (exit {code})"
