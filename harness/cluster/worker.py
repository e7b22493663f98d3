"""`harness worker`: trials of a run that others work on too, one after the other, until all have their records."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import sleep
from typing import TYPE_CHECKING, Any

from harness.cluster.ending import TimeIsUp, end_with_stdin, time_limit
from harness.cluster.heartbeat import heartbeat
from harness.cluster.queue import Queue
from harness.cluster.workspace import Workspace
from harness.machine.host_lock import beside_others
from harness.machine.system import LIBRARIES
from harness.plan.changes import refuse_changes
from harness.runs.comparable import REMEDY, require_all_comparable
from harness.runs.console import events
from harness.runs.console.screen import open_screen
from harness.runs.preparation import expected_bytes
from harness.runs.resume import take_up
from harness.runs.runner import Runner
from harness.runs.signals import signals_raise
from harness.runs.trial_step import take_step
from results.store.disk_space import require_space
from results.store.lock import require_open_to_workers
from results.store.run_store import RunStore
from results.tables.number_format import counted
from zoo.errors import USAGE, ZooError
from zoo.libraries.download import weights_dir

if TYPE_CHECKING:
    from harness.plan.request import WorkerRequest
    from harness.plan.trials import Planned
    from harness.runs.console.screen import Screen
    from harness.runs.resume import StoredRun
    from results.store.claims import Claim

SOME_FAILED = 1
LONGEST_WAIT_S = 5.0  # between two looks at trials that others are at


@dataclass(frozen=True, slots=True)
class _Unknown:
    """How long the rest of a run takes is not a worker's to say: `harness status` knows of all."""

    seconds: float | None = None
    may_stop: bool = False


@dataclass(slots=True, kw_only=True)
class Worker:
    """One worker at its run: takes trials until none is left to be taken."""

    store: RunStore
    runner: Runner
    queue: Queue
    planned: Mapping[str, Planned]
    screen: Screen
    ended: Counter[str] = field(default_factory=Counter)

    def work(self) -> None:
        """Return once every trial has its record. What ends it earlier lets its trial go, with its checkpoint kept."""
        while True:
            with beside_others():  # not while somebody times on this host
                claim = self.queue.next()
                if claim is not None:
                    self._carry_out(claim)
                    continue
            if self.queue.is_over:
                return
            # What is left has its workers: should one of them be gone, its trial is taken over.
            sleep(min(self.queue.heartbeat_s, LONGEST_WAIT_S))

    def _carry_out(self, claim: Claim) -> None:
        item, is_done = self.planned[claim.trial], False
        if claim.turn:
            self.screen.line(f"note: {item.label} is taken over: its worker gives no sign of life")
        try:
            with heartbeat(self.queue.claims, claim):
                require_open_to_workers(self.store.path)
                require_space(self.store.path, expected_bytes(self.runner.context, 1))
                record = take_step(self.runner, item, self._listener(item), self.screen.line)
            is_done = True
        finally:
            self.queue.claims.release(claim, is_done=is_done)
        self.ended[record.status] += 1
        self.screen.tell(events.trial_ended(item, record, _Unknown()))

    def _listener(self, item: Planned) -> Any:
        def listen(message: Mapping[str, Any]) -> None:
            if "epoch" in message:
                self.screen.tell(events.epoch(item, message["epoch"], _Unknown()))
            elif "note" in message:
                self.screen.line(f"note: {item.label}: {message['note']}")
            elif "phase" in message:
                self.screen.tell(events.Phase(**events.of_trial(item), phase=message["phase"]))

        return listen


def work(request: WorkerRequest) -> int:
    """Be a worker until the run is over or the time is up; returns the exit code, 1 where some of its trials failed."""
    if request.ends_with_stdin:
        end_with_stdin()
    keep_to(request.cores)
    with signals_raise(), open_screen(request.log, quiet=request.quiet) as screen:
        worker = None
        try:
            with time_limit(request.max_minutes):
                store = _unlocked(request)
                run = take_up(store, request.plugins, screen, device=request.device)
                workspace = Workspace.make(store.path)
                try:
                    worker = _worker(store, run, workspace, request, screen)
                    with weights_dir(run.setup.weights_dir):
                        worker.work()
                finally:
                    workspace.remove()
        except TimeIsUp:
            screen.line(f"time is up after {request.max_minutes:g} min: what is left is for other workers, or the next")
        ended = worker.ended if worker else Counter()
        screen.line(f"worked on {store.path}: {counted(sum(ended.values()), 'trial')}{_failed(ended)}")
        return SOME_FAILED if set(ended) - {"ok"} else 0


def keep_to(cores: Sequence[int]) -> None:
    """Let this process and all that it starts run on these cores only. Raises ZooError where it cannot."""
    if not cores:
        return
    if not hasattr(os, "sched_setaffinity"):
        raise ZooError("--cores is kept on Linux only", "leave it out on this system")
    usable = os.sched_getaffinity(0)
    if not set(cores) <= usable:
        cause = f"--cores {as_text(cores)}, but this process may use {as_text(sorted(usable))}"
        raise ZooError(cause, "name some of these", USAGE)
    os.sched_setaffinity(0, cores)


def as_text(cores: Sequence[int]) -> str:
    """`0-3,6`: as taskset and control groups name cores."""
    ranges: list[list[int]] = []
    for core in sorted(cores):
        if ranges and core == ranges[-1][1] + 1:
            ranges[-1][1] = core
        else:
            ranges.append([core, core])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def _unlocked(request: WorkerRequest) -> RunStore:
    store = RunStore.find(request.run, request.output)
    require_open_to_workers(store.path)
    return store


def _worker(store: RunStore, run: StoredRun, workspace: Workspace, request: WorkerRequest, screen: Screen) -> Worker:
    """All that a worker needs, checked. Raises ZooError where its trials could not be ranked with those that ended."""
    then, now = (
        {name: machine.get(name) for name in LIBRARIES}
        for machine in (store.configuration.get("machine", {}), run.context.machine)
    )
    refuse_changes(then, now, "the libraries here are not those that the run was begun with", REMEDY)
    require_all_comparable(store.records(), run.to_do, run.context, run.setup.nproc, timing_machine={})
    machine = dict(run.context.machine) | ({"affinity": as_text(request.cores)} if request.cores else {})
    context = replace(run.context, machine=machine)
    runner = Runner(
        context=context,
        store=store,
        setup=run.setup,
        zoo=run.zoo,
        workspace=workspace.path,
        data=workspace.share(context.dataset),
        features=workspace.features(machine),
        takes_times=False,
    )
    planned = {item.trial.slug: item for item in run.planned}
    device = str(context.device)
    queue = Queue(run=store.path, trials=list(planned), device=device, heartbeat_s=request.heartbeat_s)
    left = f"{len(run.to_do)} of {counted(len(planned), 'trial')} have no record yet"
    screen.line(f"worker   {store.path} · {left} · {device}{_cores(request)}")
    return Worker(store=store, runner=runner, queue=queue, planned=planned, screen=screen)


def _cores(request: WorkerRequest) -> str:
    return f" · cores {as_text(request.cores)}" if request.cores else ""


def _failed(ended: Mapping[str, int]) -> str:
    failed = sum(count for status, count in ended.items() if status != "ok")
    return f", {failed} of them failed" if failed else ""
