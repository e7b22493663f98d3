"""A run from its first line to its table: trials one after the other, each kept on disk as soon as it ends."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from harness.runs.comparable import require_all_comparable
from harness.runs.console import events
from harness.runs.console.opening import opening_lines
from harness.runs.finished_run import Run
from harness.runs.forecast.memory import Forecast, foresee, is_worth_asking, warnings
from harness.runs.forecast.time_left import Coming, TimeLeft
from harness.runs.loggers.run_loggers import RunLoggers
from harness.runs.preparation import expected_bytes
from harness.runs.runner import Runner
from harness.runs.signals import Terminated
from harness.runs.timing_rounds import take_later_rounds
from harness.runs.trial_step import take_step
from results.page.write import PAGE, write_page
from results.sanitize import plain
from results.store import image_names
from results.store.claims import Claims
from results.store.disk_space import require_space
from results.store.lock import locked
from results.store.run_store import RunStore
from results.tables.render import FILES, render
from zoo.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.plan.run_setup import RunSetup
    from harness.plan.trials import Planned
    from harness.runs.console.screen import Screen
    from harness.runs.context import RunContext
    from results.ranking.summary import Summary
    from results.records import Record
    from zoo.discovery import Zoo


class Engine(Protocol):
    """Who carries the trials of a run out, where that is not the session itself, one after the other.

    Engines train and evaluate: step times are taken by the session, once all trials have their records. `is_shared`
    says whether workers take trials from the run's folder themselves.
    """

    @property
    def is_shared(self) -> bool: ...

    def carry_out(self, session: Session, runner: Runner, to_do: Sequence[Planned], left: TimeLeft) -> None:
        """Return once each of `to_do` has its record; `session.ended` is told of each of them."""


PROGRESS_SECONDS = 0.4  # between two words of a trial on its batches, which costs the child 0.1 ms and us a drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A run in progress: what its trials share, where they are kept, who is told of them."""

    context: RunContext
    store: RunStore
    zoo: Zoo
    setup: RunSetup
    screen: Screen
    loggers: RunLoggers = field(default_factory=RunLoggers)
    engine: Engine | None = None

    def carry_out(self, planned: Sequence[Planned]) -> Run:
        """Every trial of `planned` that has no record yet, then the tables of all."""
        is_shared = self.engine is not None and self.engine.is_shared
        with locked(self.store.path, with_workers=is_shared), self._resumable():
            self.store.clear_work()  # which a run that was killed has left
            if not is_shared:
                Claims(self.store.path).clear()  # of workers none of which is at work, or there were no lock
            # A run that goes on has the same images in the same order, by their fingerprint, if under other names.
            image_names.keep(self.store, self.context.dataset.test_images)
            done = self.store.done()
            to_do = [item for item in planned if item.trial.key not in done]
            require_all_comparable(self.store.records(), to_do, self.context, self.setup.nproc, **self._known())
            num_done = len(planned) - len(to_do)
            self.screen.tell(events.started(self.context, planned, str(self.store.path), num_done))
            for line in opening_lines(self.context, planned, str(self.store.path), num_done):
                self.screen.line(line)
            try:
                with self.loggers.opened(self.store, self.screen.line):
                    self._each(to_do, planned)
            finally:
                summary = render(self.store)
                files = (*FILES, *self._page(summary))
            path, records = self.store.path.absolute(), tuple(self.store.records())
            counts = dict(Counter(record.status for record in records))
            self.screen.tell(events.Ended(store=str(self.store.path), counts=counts))
            return Run(path=path, store=self.store, summary=summary, records=records, files=files)

    def _page(self, summary: Summary) -> tuple[str, ...]:
        """Write the page; one that cannot be written costs a line, and never the table."""
        try:
            return (write_page(self.store, summary).name,)
        except Exception as error:
            cause = plain(f"{type(error).__name__}: {first_line(error)}")
            self.screen.line(f"warning: {PAGE} was not written ({cause}); try: harness report {self.store.path}")
            return ()

    def _known(self) -> dict[str, Any]:
        """Fields that the records will have: what an engine carries out is timed here, and no machine known by then."""
        return {} if self.engine is None else {"timing_machine": {}}

    def _each(self, to_do: Sequence[Planned], planned: Sequence[Planned]) -> None:
        """Train what is to do; then time again what was trained, now or before the run was interrupted."""
        num_seeds = Counter(item.trial.model for item in planned if item.trial.is_timed)
        self._log_records(planned)  # what a run that was killed, or had no logger, has not logged
        runner = Runner(
            context=self.context,
            store=self.store,
            setup=self.setup,
            zoo=self.zoo,
            num_seeds=num_seeds,
            progress_s=PROGRESS_SECONDS if self.screen.follows_batches else 0.0,
        )
        try:
            if to_do:
                require_space(self.store.path, expected_bytes(self.context, len(to_do)))
                runner.prepare()
            left = self._foresee(runner, to_do)
            self.screen.line("")
            if self.engine is not None:
                self.engine.carry_out(self, runner, to_do, left)
            else:
                self._in_turn(runner, to_do, planned, left)
            self.loggers.settle()
            self.loggers.stop()
            take_later_rounds(runner, planned, self.screen)
            self._log_records(planned)
        finally:
            self.store.clear_work()
            with suppress(OSError):  # it may hold the checkpoints of a trial that is to be resumed
                runner.progress.rmdir()

    def _in_turn(self, runner: Runner, to_do: Sequence[Planned], planned: Sequence[Planned], left: TimeLeft) -> None:
        for number, item in enumerate(to_do, len(planned) - len(to_do) + 1):
            began = monotonic()
            self.screen.tell(events.TrialStarted(**events.of_trial(item), number=number, trials=len(planned)))
            record = take_step(runner, item, partial(self.listen, item, left), self.screen.line)
            self.ended(item, record, left, monotonic() - began)

    def ended(self, item: Planned, record: Record, left: TimeLeft, seconds: float) -> None:
        """A trial has its record, which took so many seconds: loggers and screen are told."""
        self._log_records([item])
        left.trial(item.trial.key, seconds, went_well=record.status == "ok")
        self.screen.tell(events.trial_ended(item, record, left))

    def _foresee(self, runner: Runner, to_do: Sequence[Planned]) -> TimeLeft:
        """Say which models may not fit into memory; what is returned learns how long the run takes."""
        # Of no use where nobody reads it; and without isolation no model may be built but in its own trial.
        is_asked = self.setup.isolation and self.screen.is_read
        if not is_asked or not is_worth_asking(self.context, to_do, self.setup.memory_limit):
            is_wanted = self.screen.shows_eta
            return TimeLeft({item.trial.key: self._coming(runner, item, Forecast()) for item in to_do if is_wanted})
        self.screen.tell(events.Stage(name="looking ahead"))
        ahead = foresee(runner, to_do)
        is_seen = self.context.device.type != "cpu" or self.setup.memory_limit is not None
        for line in warnings(ahead, is_tried_again=is_seen):
            self.screen.line(f"warning  {line}")
        return TimeLeft({item.trial.key: self._coming(runner, item, ahead) for item in to_do})

    def _coming(self, runner: Runner, item: Planned, ahead: Forecast) -> Coming:
        train, known = item.trial.train, ahead.estimates.get(item.trial.model)
        return Coming(
            model=item.trial.model,
            epochs=train.epochs,
            macs=known.macs if known else 0,
            rounds=runner.rounds_in_all(item) - 1,
            may_stop=train.patience < train.epochs,
        )

    def listen(self, item: Planned, left: TimeLeft, message: Mapping[str, Any]) -> None:
        """What a trial says while it runs."""
        if "epoch" in message:
            row = message["epoch"]
            left.epoch(item.trial.key, row["epoch"] + 1, row["train_seconds"] + row["eval_seconds"])
            # First: who sees the line and stops the run has seen an epoch that is logged.
            self.loggers.epoch(item.trial, row, self._num_train(item))
            self.screen.tell(events.epoch(item, row, left))
        elif "note" in message:
            self.screen.line(f"note: {item.label}: {message['note']}")
        elif "phase" in message:
            self.loggers.phase(message["phase"])
            self.screen.tell(events.Phase(**events.of_trial(item), phase=message["phase"]))
        elif "progress" in message:
            epochs = item.trial.train.epochs
            self.screen.tell(events.Progress(**events.of_trial(item), epochs=epochs, **message["progress"]))
        elif "stage" in message:
            self.screen.tell(events.Stage(**message["stage"]))

    def _log_records(self, planned: Sequence[Planned]) -> None:
        for item in planned if self.loggers.processes else ():
            self.loggers.record(item.trial, self._num_train(item))

    def _num_train(self, item: Planned) -> int:
        return self.context.dataset.of(item.trial.seed, item.trial.fold).counts["train"]

    @contextmanager
    def _resumable(self) -> Iterator[None]:
        """Say how to go on, however the run is ended."""
        try:
            yield
        except (KeyboardInterrupt, Terminated):
            resume = f"python -m harness resume {self.store.path}"
            self.screen.tell(events.Stopped(store=str(self.store.path), resume=resume))
            raise
