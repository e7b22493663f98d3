"""The run's end of a logger's process: what was sent, how much of it is done, and what went wrong."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.isolation.child_process import kill_descendants
from harness.isolation.interpreter import left_alone, same_modules
from harness.isolation.pipes import CHUNK, Lines, Log, as_line, open_pipe
from harness.isolation.supervisor import start_tracker
from harness.runs.loggers import worker
from zoo.manager.sandbox import kill_group

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from harness.runs.loggers.choice import LoggerChoice

MAX_UNSENT = 4 * 2**20  # bytes of events that wait for a logger which does not take them: some ten thousand


@dataclass(slots=True, kw_only=True)
class LoggerProcess:
    """One logger at work. `problem` says why it is no longer; the events that it was sent are counted, opening too."""

    choice: LoggerChoice
    child: BaseProcess
    events: Connection
    answers: Lines
    log: Log
    unsent: bytearray = field(default_factory=bytearray)
    num_sent: int = 1
    num_done: int = 0
    problem: str = ""

    @classmethod
    def start(cls, choice: LoggerChoice, job: Mapping[str, Any]) -> LoggerProcess:
        """Start the process; it opens the logger meanwhile."""
        start_tracker()
        reader, writer = Pipe(duplex=False)
        os.set_blocking(writer.fileno(), False)  # a logger that takes nothing must not hold the run
        answers, log = open_pipe(), open_pipe()
        ends = (reader, answers.writer, log.writer)
        child = get_context("spawn").Process(target=worker.main, args=(json.dumps(job), *ends))
        # A terminal's Ctrl-C is the run's affair: it would reach the child too, until that has a session of its own.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with left_alone(), same_modules():
                child.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for end in ends:
            end.close()
        return cls(choice=choice, child=child, events=writer, answers=Lines(answers.reader), log=Log(log.reader))

    @property
    def is_behind(self) -> bool:
        """Whether something that was sent is not yet done, and still may be."""
        return not self.problem and self.num_done < self.num_sent

    def send(self, message: Mapping[str, Any]) -> None:
        """Give it one more event, now or as soon as it takes it."""
        self.signal(signal.SIGCONT)
        self.unsent += as_line(message)
        self.num_sent += 1
        self.read()
        if len(self.unsent) > MAX_UNSENT:
            self.problem = self.problem or "it takes no events"

    def settle(self, limit_s: float) -> None:
        """Wait until all is done, or nothing was for so many seconds."""
        deadline, done = monotonic() + limit_s, self.num_done
        while self.is_behind:
            self.read()
            if self.num_done > done:
                deadline, done = monotonic() + limit_s, self.num_done
            pipes = [pipe.fileno() for pipe in (self.answers, self.log) if not pipe.ended]
            left = deadline - monotonic()
            # A logger that never stops printing leaves no moment in which nothing is ready.
            if left <= 0 or (self.is_behind and not wait([self.child.sentinel, *pipes], left)):
                return

    def read(self) -> None:
        """Send what waits, and take what it says; never waits itself."""
        if self.problem:
            return
        self._push()
        self.log.read()
        has_ended = not self.child.is_alive()  # before the last answers are read, or they were missed
        try:
            for answer in self.answers.read():
                self.num_done, self.problem = answer.get("done", self.num_done), str(answer.get("problem", ""))
        except ValueError as error:
            self.problem = str(error)
        if has_ended and self.is_behind:
            self.problem = f"its process ended (exit {self.child.exitcode})"

    def signal(self, number: signal.Signals) -> None:
        """Stop it, or let it go on, with all that it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid or 0, number)

    def end(self) -> str:
        """Leave no process of it; returns what it printed."""
        if self.child.pid is not None:
            if self.child.is_alive():
                kill_descendants(self.child.pid)
            kill_group(self.child.pid, is_reaped=not self.child.is_alive())
        self.child.join()
        self.log.read()
        for pipe in (self.events, self.answers, self.log):
            pipe.close()
        return self.log.text()

    def _push(self) -> None:
        with suppress(BlockingIOError, BrokenPipeError):
            while self.unsent:
                del self.unsent[: os.write(self.events.fileno(), self.unsent[:CHUNK])]
