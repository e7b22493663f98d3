"""Supervised child processes: a trial in each, that can crash, hang or eat memory without touching anything else.

On a CPU children come from a fork server that has imported torch once: 0.3 s a trial instead of 10-30 s. Where an
accelerator is used they are spawned, since a driver's state does not survive a fork.

The parent sleeps in `wait` and never polls: one that looked every few milliseconds slowed the measured child 5-21
times.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from harness.isolation.child_process import kill_descendants
from harness.isolation.interpreter import environment, left_alone, place_socket, same_modules
from harness.isolation.pipes import Lines, Log, open_pipe
from zoo.manager.sandbox import kill_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, SpawnContext
    from multiprocessing.process import BaseProcess

    from harness.isolation.job import Job

    Context = ForkServerContext | SpawnContext

# Imported by the fork server before it forks: none of it runs an operation or touches an accelerator.
PRELOAD = (
    "torch",
    "torch._dynamo",
    "torchvision",
    "timm",
    "harness.isolation.worker",
    "harness.isolation.timing_worker",
    "harness.isolation.memory_worker",
    "harness.checks.worker",
    "harness.picks.clock_worker",
    "harness.picks.probes.worker",
    "harness.isolation.fork_server",
)
STOP_GRACE_S = 4.0  # to save a checkpoint after a stop was asked for
TERM_GRACE_S = 1.0  # from SIGTERM to SIGKILL, for a child that ran out of time


@dataclass(slots=True, kw_only=True)
class ExitReport:
    """How a child ended: its exit code (negative: a signal), its last words, and what it printed.

    `problem` is what kept it from a result, `storage` what the disk refused.
    """

    exitcode: int | None = None
    timed_out: bool = False
    phase: str = "start"
    result: Mapping[str, Any] | None = None
    problem: str = ""
    storage: str = ""
    log: str = ""

    @property
    def signal_name(self) -> str:
        """The signal that ended it, or ""."""
        code = self.exitcode
        with suppress(ValueError):
            return signal.Signals(-code).name if code is not None and code < 0 else ""
        return f"signal {-(code or 0)}"


class Elsewhere(Protocol):
    """Where trials' processes are that are no children of this one."""

    def run(self, job: Job, on_message: Callable[[Mapping[str, Any]], None], timeout_s: float | None) -> ExitReport:
        """Return once the process has ended; the files that it left are then in the job's own folders."""


def start_server() -> None:
    """Start the fork server now, so that it imports while the parent reads data.

    A terminal's Ctrl-C reaches every process of the terminal's group: it is blocked in the server and so in all its
    children, which are stopped by their parent.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOAD))
    place_socket()
    start_tracker()  # it would unblock SIGINT if the server started it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        with same_modules():
            forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_tracker() -> None:
    """Start Python's tracker of semaphores, unless it runs.

    It frees those of children, which end without a farewell (`tqdm` makes one, and torch.fx a `tqdm`). What it says of
    that after the run's last line is of no use to anybody.
    """
    ignored = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker")))
    with environment(PYTHONWARNINGS=ignored), same_modules():
        resource_tracker.ensure_running()


def context_for(device: str) -> Context:
    """How children are started for trials on `device`."""
    return multiprocessing.get_context("forkserver") if device == "cpu" else multiprocessing.get_context("spawn")


class Halted(Exception):
    """A child was stopped because its supervisor was told so."""


@dataclass(slots=True)
class Supervisor:
    """Runs `target(job, messages, log)` in a child of its own and follows it to its end.

    `on_message` gets each JSON object that the child sends, but for {"result": …}, which is kept in the report.
    Supervisors in several threads are stopped by their `halt`, a reading end of a pipe: they stop their children and
    raise Halted once it can be read, or its writing end is closed.
    """

    target: Callable[..., None]
    context: Context
    timeout_s: float | None = None
    on_message: Callable[[Mapping[str, Any]], None] = field(default=lambda message: None)
    halt: Connection | None = None

    def run(self, job: str) -> ExitReport:
        """Start a child, wait for it, and leave no process of it behind, however this ends."""
        messages, log = open_pipe(), open_pipe()
        child = self.context.Process(target=self.target, args=(job, messages.writer, log.writer))
        with left_alone():  # one thread at a time: the environment, which all share, is changed within
            place_socket()
            start_tracker()
            with same_modules():
                child.start()
        messages.writer.close()
        log.writer.close()
        follower = _Follower(child, Lines(messages.reader), Log(log.reader), self.on_message, self.halt)
        try:
            return follower.follow(self.timeout_s)
        except BaseException:
            follower.stop()
            raise
        finally:
            follower.kill()
            follower.close()


@dataclass(slots=True)
class _Follower:
    """One child, and the two pipes that come from it."""

    child: BaseProcess
    lines: Lines
    log: Log
    on_message: Callable[[Mapping[str, Any]], None]
    halt: Connection | None = None
    report: ExitReport = field(default_factory=ExitReport)
    refused: bool = False  # whether a message was none: what the child says after it, while it is killed, is not heard

    def follow(self, timeout_s: float | None) -> ExitReport:
        """Wait for the child's end, or end it once its time is up."""
        deadline = None if timeout_s is None else monotonic() + timeout_s
        if not self._wait_until(deadline):
            self.report.timed_out = True
            self._terminate(TERM_GRACE_S)
        return self._ended()

    def stop(self) -> None:
        """Let the child save what it has; kill it if it takes too long or a person insists."""
        if self.child.is_alive():
            self._terminate(STOP_GRACE_S)

    def close(self) -> None:
        self.lines.close()
        self.log.close()

    def _wait_until(self, deadline: float | None) -> bool:
        """Read what comes until the child has ended; False where the deadline came first."""
        while True:
            left = None if deadline is None else deadline - monotonic()
            pipes = [pipe.fileno() for pipe in (self.lines, self.log) if not pipe.ended]
            halts = [] if self.halt is None else [self.halt.fileno()]
            # A child that never stops printing leaves no moment in which nothing is ready.
            if (left is not None and left <= 0) or not (ready := wait([self.child.sentinel, *pipes, *halts], left)):
                return False
            if halts and halts[0] in ready:
                self.halt = None  # heard: while the child is stopped, it is waited for as ever
                raise Halted
            self._read()
            if self.child.sentinel in ready:
                return True

    def _read(self) -> None:
        self.log.read()
        if self.refused:
            return
        try:
            for message in self.lines.read():
                self._take(message)
        except ValueError as error:
            self.report.problem, self.refused = str(error), True
            self._terminate(0.0)

    def _take(self, message: Mapping[str, Any]) -> None:
        if "phase" in message:
            self.report.phase = str(message["phase"])
            self.on_message({"phase": self.report.phase})
        elif "result" in message:
            self.report.result = message["result"]
        elif "problem" in message:
            self.report.problem = str(message["problem"])
        elif "storage" in message:
            self.report.storage = str(message["storage"])
        else:
            self.on_message(message)

    def _terminate(self, grace_s: float) -> None:
        if grace_s:
            with suppress(ProcessLookupError):
                os.kill(self.child.pid or 0, signal.SIGTERM)
            self._wait_until(monotonic() + grace_s)
        self.kill()

    def kill(self) -> None:
        """Kill the child, and every process that it started: all while it lives, then those in its group."""
        if self.child.pid is not None:
            if self.child.is_alive():
                kill_descendants(self.child.pid)
            kill_group(self.child.pid, is_reaped=not self.child.is_alive())

    def _ended(self) -> ExitReport:
        self.child.join()
        self._read()
        self.report.exitcode = self.child.exitcode
        self.report.log = self.log.text()
        return self.report
