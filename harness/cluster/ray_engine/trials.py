"""Trials that are carried out at once: a thread follows each, and all that is written happens in the one that asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.isolation.result_files import TrialResult
from harness.runs.console import events
from harness.runs.trial_step import finish_step
from results.tables.number_format import counted

if TYPE_CHECKING:
    from harness.cluster.ray_engine.connect import Cluster
    from harness.cluster.ray_engine.remote import Remote
    from harness.cluster.ray_engine.slots import Slot
    from harness.plan.trials import Planned
    from harness.runs.forecast.time_left import TimeLeft
    from harness.runs.runner import Runner
    from harness.runs.session import Session

NODES_S = 20.0  # between two looks at which nodes there are, while nothing is heard of any trial
THREADS_S = 1.0  # for the threads that follow tasks which were ended
NO_NODE = "warning: no node of the Ray cluster has room for a trial by now: waiting for one"

Heard = Mapping[str, Any] | TrialResult | BaseException


@dataclass(frozen=True, slots=True)
class Running:
    """A trial that is being carried out, since when, and the thread that follows it."""

    item: Planned
    began: float
    thread: Thread


@dataclass(slots=True)
class Trials:
    """The trials of a run that are left, as many at once as the cluster has slots by then.

    Of the `num_trials` of the run so many are begun.
    """

    cluster: Cluster
    slot: Slot
    session: Session
    runner: Runner
    remote: Remote
    left: TimeLeft
    num_trials: int
    num_begun: int
    running: dict[str, Running] = field(default_factory=dict)
    heard: SimpleQueue[tuple[str, Heard]] = field(default_factory=SimpleQueue)
    is_waiting: bool = False

    def carry_out(self, to_do: Sequence[Planned]) -> None:
        """Return once each has its record. What ends one of them other than that ends all, and is raised."""
        waiting = deque(to_do)
        try:
            while waiting or self.running:
                for item in self._next(waiting):
                    self._begin(item)
                self._hear()
        except BaseException:
            self.remote.stop()
            for one in self.running.values():
                one.thread.join(THREADS_S / len(self.running))
            raise

    def _next(self, waiting: deque[Planned]) -> Sequence[Planned]:
        """The trials for which there are slots: nodes come and go. One is begun in any case, and waits for a node."""
        if not waiting:
            return []
        slots = self.left.at_once = max(1, self.slot.count(self.cluster.nodes))
        return [waiting.popleft() for _ in range(min(len(waiting), slots - len(self.running)))]

    def _begin(self, item: Planned) -> None:
        self.num_begun += 1
        start = events.TrialStarted(**events.of_trial(item), number=self.num_begun, trials=self.num_trials)
        self.session.screen.tell(start)
        thread = Thread(target=self._follow, args=(item,), name=item.label, daemon=True)
        self.running[item.trial.key] = Running(item, monotonic(), thread)
        thread.start()

    def _follow(self, item: Planned) -> None:
        """In a thread: whatever is heard of the trial, and at last its result or why there is none."""
        key = item.trial.key
        try:
            self.heard.put((key, self.runner.carry_out(item, lambda message: self.heard.put((key, message)))))
        except BaseException as error:
            self.heard.put((key, error))

    def _hear(self) -> None:
        try:
            key, heard = self.heard.get(timeout=NODES_S)
        except Empty:
            if not self.slot.count(self.cluster.nodes) and not self.is_waiting:
                self.session.screen.line(NO_NODE)
            self.is_waiting = not self.slot.count(self.cluster.nodes)
            return
        if isinstance(heard, BaseException):
            raise heard
        one = self.running[key]
        if isinstance(heard, TrialResult):
            del self.running[key]
            self._keep(one, heard)
        else:
            self.session.listen(one.item, self.left, heard)

    def _keep(self, one: Running, result: TrialResult) -> None:
        """Write the trial down, with the machine that carried it out."""
        key = one.item.trial.key
        machine = self.remote.machines.get(key) or self.runner.context.machine
        runner = replace(self.runner, context=replace(self.runner.context, machine=machine))
        record = finish_step(runner, one.item, _noted(result, self.remote.losses.get(key, 0)), self.session.screen.line)
        self.session.ended(one.item, record, self.left, monotonic() - one.began)


def _noted(result: TrialResult, num_losses: int) -> TrialResult:
    """The result with a note on how often its task was lost: it is the same, and may have taken longer."""
    if not num_losses:
        return result
    facts = result.findings.facts
    notes = [facts.get("notes"), f"its task was lost {counted(num_losses, 'time')} and sent again"]
    said = "; ".join(str(note) for note in notes if note)
    return replace(result, findings=replace(result.findings, facts={**facts, "notes": said}))
