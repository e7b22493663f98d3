"""All loggers of a run: told of its epochs and trials, stopped while something is timed, ended with it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.runs.loggers.process import LoggerProcess
from harness.runs.redact import masked
from results.errors import StoreError
from results.store.atomic import make_folder, refuse_link
from results.tables.number_format import counted

if TYPE_CHECKING:
    from harness.plan.config import Trial
    from harness.runs.loggers.choice import LoggerChoice
    from results.store.run_store import RunStore

# Seconds without a sign of life after which the run goes on without: libraries take up to ten to be imported.
OPEN_LIMIT_S, SETTLE_LIMIT_S, CLOSE_LIMIT_S = 60.0, 5.0, 10.0
STOPPED_LIMIT_S = 2.0  # a person waits who has stopped the run
# When a trial is delivered, or is timed in its own process: from then on until its record there is no event.
QUIET_PHASES = ("deliver", "time")


@dataclass(slots=True)
class RunLoggers:
    """The loggers that a run is asked for, and the processes of those that are at work.

    One that fails, ends or does not answer is off for the run, and `say` gets a line.
    """

    choices: Sequence[LoggerChoice] = ()
    plugins: Sequence[str] = ()
    processes: list[LoggerProcess] = field(default_factory=list)
    say: Callable[[str], None] = field(default=lambda line: None)
    store: RunStore | None = None

    @contextmanager
    def opened(self, store: RunStore, say: Callable[[str], None]) -> Iterator[None]:
        """Within, the loggers are at work, those that could be opened in time."""
        self.store, self.say = store, say
        limit_s = CLOSE_LIMIT_S
        try:
            self._open(store)
            yield
        except BaseException:
            limit_s = STOPPED_LIMIT_S
            raise
        finally:
            self._close(limit_s)

    def epoch(self, trial: Trial, row: Mapping[str, Any], num_train: int) -> None:
        """An epoch of a trial has ended, which trained on so many images."""
        if self.processes:
            self._send({"step": "epoch", **_about(trial, num_train), "row": dict(row)})

    def record(self, trial: Trial, num_train: int) -> None:
        """A trial's record is on disk, or was written anew; one that has none is passed over."""
        if not self.processes or self.store is None:
            return
        about = _about(trial, num_train)
        path = self.store.path.absolute() / "records" / f"{about['name']}.json"
        if path.is_file():
            self._send({"step": "trial", **about, "path": str(path)})

    def phase(self, name: str) -> None:
        """A trial has entered this phase."""
        if name in QUIET_PHASES:
            self.stop()

    def settle(self) -> None:
        """Let them catch up."""
        for process in self.processes:
            process.settle(SETTLE_LIMIT_S)
        self._drop_failed()

    def stop(self) -> None:
        """Stop all, until the next event: a logger that works while a model is timed would take its cores."""
        for process in self.processes:
            process.signal(signal.SIGSTOP)

    def _open(self, store: RunStore) -> None:
        for choice in self.choices:
            refuse_link(store.path / "logs")
            make_folder(store.path / choice.folder)
            run = store.path.absolute()
            job = {"name": choice.name, "owner": choice.owner, "source": choice.source, "plugins": list(self.plugins)}
            job |= {"run": str(run), "folder": str(run / choice.folder)}
            self.processes.append(LoggerProcess.start(choice, job))
            self.say(f"logging  {choice.name} in {store.path / choice.folder}")
        for process in self.processes:
            process.settle(OPEN_LIMIT_S)
            if process.is_behind:
                process.problem = f"open: no answer after {OPEN_LIMIT_S:g} s"
        self._drop_failed()

    def _send(self, message: Mapping[str, Any]) -> None:
        for process in self.processes:
            process.send(message)
        self._drop_failed()

    def _close(self, limit_s: float) -> None:
        try:
            self._send({"step": "close"})
            for process in self.processes:
                process.settle(limit_s)
                if process.is_behind:
                    lost = counted(process.num_sent - process.num_done, "event")
                    process.problem = f"no answer after {limit_s:g} s, {lost} may be missing"
        finally:
            self._drop_failed()
            for process in self.processes:
                self._end(process)
            self.processes.clear()

    def _drop_failed(self) -> None:
        """End what has a problem, and say it once."""
        for process in [process for process in self.processes if process.problem]:
            self.processes.remove(process)
            printed = self._end(process)
            (problem,) = masked([process.problem])
            self.say(f"warning  logger {process.choice.name} is off: {problem}{printed}")

    def _end(self, process: LoggerProcess) -> str:
        """End it and keep what it printed; returns where that is, for the end of a line."""
        text, name = process.end(), f"{process.choice.folder}.txt"
        if not text or self.store is None:
            return ""
        with suppress(StoreError):  # a disk that is full has its own words
            self.store.write(name, text.encode(errors="backslashreplace"))
            return f" ({name})"
        return ""


def _about(trial: Trial, num_train: int) -> dict[str, Any]:
    """What every event says of its trial."""
    return {
        "key": trial.key,
        "name": trial.slug,
        "model": trial.model,
        "dataset": trial.dataset,
        "seed": trial.seed,
        "fold": trial.fold,
        "epochs": trial.train.epochs,
        "num_train": num_train,
    }
