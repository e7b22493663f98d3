"""Trials one after the other, each in a child process of its own; whatever becomes of the child is a record."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness.isolation import timing_worker, worker
from harness.isolation.dataset_files import hand_over
from harness.isolation.job import Job
from harness.isolation.result_files import TrialResult, unpack
from harness.isolation.supervisor import ExitReport, Supervisor, context_for
from harness.isolation.timing_results import unpack as unpack_times
from harness.isolation.validate import require_conditions, require_message
from harness.runs.child_end import how_it_ended, joined, lost_result
from harness.runs.comparable import conditions_of
from harness.runs.preparation import expected_bytes
from harness.trial.build import largest_part
from harness.trial.outcome import NOT_TIMED
from harness.trial.times import tracebacks, with_first_round, without_times
from results.store.atomic import write_atomic
from results.store.disk_space import require_space
from zoo.errors import ZooError, first_line

if TYPE_CHECKING:
    from harness.isolation.supervisor import Elsewhere
    from harness.plan.config import Trial
    from harness.plan.run_setup import RunSetup
    from harness.plan.trials import Planned
    from harness.runs.context import RunContext
    from harness.trial.outcome import Findings
    from harness.trial.times import DeviceTiming
    from results.store.run_store import RunStore
    from zoo.discovery import Zoo

Listener = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundResult:
    """What a process that only times came to: for each of its models a timing a device; none, and a `cause`."""

    timings: Sequence[Sequence[DeviceTiming]] = ()
    cause: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Carries trials out for one run; `context` is what they share.

    A trial says how far its epoch is at most every `progress_s` seconds; never where that is 0. A runner that is one of
    several on the run's folder works in `workspace`, and shares the dataset's files `data` and the features in
    `features` with others; where `takes_times` is False its trials are trained and evaluated only. Their processes are
    children of this one, or `elsewhere`.
    """

    context: RunContext
    store: RunStore
    setup: RunSetup
    zoo: Zoo
    num_seeds: Mapping[str, int] = field(default_factory=dict)
    progress_s: float = 0.0
    workspace: Path | None = None
    data: Path | None = None
    features: Path | None = None
    takes_times: bool = True
    elsewhere: Elsewhere | None = None

    @property
    def work(self) -> Path:
        """The folder for what trials need while they run."""
        return self.store.work if self.workspace is None else self.workspace

    @property
    def is_one_of_several(self) -> bool:
        """Whether others may carry trials out for the same folder of a run."""
        return self.workspace is not None

    @property
    def is_cheap_to_start(self) -> bool:
        """Whether a process costs little: they are forked on a CPU, and spawned where an accelerator is used."""
        return self.context.device.type == "cpu"

    @property
    def times_apart(self) -> bool:
        """Whether a trial is timed in another process than it is trained in, with freed memory kept or few threads."""
        return self.setup.isolation and (self.is_cheap_to_start or self.setup.nproc > 1)

    def _times_in_child(self, trial: Trial) -> bool:
        """Whether the process that trains the trial times it too."""
        return self.takes_times and trial.is_timed and not self.times_apart

    def rounds_in_all(self, item: Planned) -> int:
        """How many rounds of timing a trial has: seeds are rounds of their model too, as far apart as any."""
        return -(-item.trial.timing.rounds // max(self.num_seeds.get(item.trial.model, 1), 1))

    def prepare(self) -> None:
        """Hand the dataset over, once for all trials."""
        if not (self.work / "data").is_dir():
            hand_over(self.context.dataset, self.work / "data")

    def carry_out(self, item: Planned, listen: Listener) -> TrialResult:
        """One trial; `listen` gets what it says of its epochs.

        Out of memory, it is tried once more in a new process, in parts of half the size; its record says so whatever
        becomes of that. Where the run was stopped in that second attempt, it goes on with that one.
        """
        smaller = in_smaller_parts(item.trial)
        if smaller is None or not self._checkpoints(smaller).exists():
            result = self._attempt(item, item.trial, listen)
            if result.findings.status != "oom" or smaller is None:
                return result
        shutil.rmtree(self._checkpoints(item.trial), ignore_errors=True)
        sizes = largest_part(item.trial.train), largest_part(smaller.train)
        listen({"note": f"out of memory with {sizes[0]} images at a time, tried once more with {sizes[1]}"})
        again = self._attempt(item, smaller, listen)
        return replace(again, findings=retried(again.findings, *sizes))

    @property
    def progress(self) -> Path:
        """The folder of all trials' checkpoints."""
        return self.store.path / "progress"

    def progress_folder(self, trial: Trial) -> Path:
        """Where the checkpoints of all attempts at the trial lie until its record is written."""
        return self.progress / trial.slug

    def _checkpoints(self, trial: Trial) -> Path:
        """Those of one attempt: one in smaller parts is another trial, and must not meet the first one's."""
        return self.progress_folder(trial) / trial.key

    def _attempt(self, item: Planned, trial: Trial, listen: Listener) -> TrialResult:
        folder = self.work / trial.slug
        # What an earlier attempt has left there must not pass for this one's.
        shutil.rmtree(folder, ignore_errors=True)
        job = self.job(item, trial, folder)
        report = self._trained(job, listen)
        result = self._result_of(report, trial, folder)
        checkpoint = result.files.get("checkpoint")
        untimed = result.findings.facts.get("timing_verdict") == NOT_TIMED and trial.is_timed
        if not (self.times_apart and self.takes_times) or checkpoint is None or not untimed:
            return result
        listen({"phase": "time"})
        return self._with_times(result, self.time([self.timing_job(item, trial, checkpoint)]))

    def timing_job(self, item: Planned, trial: Trial, checkpoint: Path) -> Job:
        """The job of timing the trained model in the folder `checkpoint`."""
        folder = self.work / trial.slug
        timed_on = tuple(str(device) for device in self.context.timed_on)
        return replace(self.job(item, trial, folder), timed_on=timed_on, checkpoint=str(checkpoint.absolute()))

    def time(self, jobs: Sequence[Job]) -> RoundResult:
        """One process's turn of timing: what it found for each job, or what became of it."""
        if self.setup.isolation:
            report = self._isolated(timing_worker.main, json.dumps([job.to_json() for job in jobs]), _nobody)
        else:
            report = _timed_here(jobs)
        if report.storage:
            self._require_disk()
        if report.result is None:
            return RoundResult(cause=how_it_ended(report, self.setup.trial_timeout)[1], log=report.log)
        devices = [torch.device(name).type for name in jobs[0].timed_on]
        try:
            timings = unpack_times(report.result.get("times"), len(jobs), devices)
        except ValueError as error:
            return RoundResult(cause=f"its times cannot be used: {error}", log=report.log)
        return RoundResult(timings=timings, log=report.log)

    def _with_times(self, result: TrialResult, round: RoundResult) -> TrialResult:
        """The result with the first round of its times, or with the reason why there is none."""
        if not round.timings:
            findings = without_times(result.findings, "time", round.cause)
            return replace(result, findings=findings, log=joined(round.cause, round.log))
        (timings,) = round.timings
        said = tracebacks(timings)
        log = joined(said, round.log) if said else result.log
        return replace(result, findings=with_first_round(result.findings, timings), log=log)

    def job(self, item: Planned, trial: Trial, folder: Path) -> Job:
        """What a process is given for `trial`, with `folder` for the files that it leaves."""
        work = self.work.absolute()
        return Job(
            trial=trial,
            owner=item.choice.owner,
            owner_source=self.zoo.plugin(item.choice.owner).source,
            plugins=self.setup.plugins,
            plugin_files=self.context.content.plugins.get(item.choice.owner, {}),
            weights_sha256=self.context.content.weights.get(str(trial.train.weights), ""),
            device=str(self.context.device),
            timed_on=tuple(map(str, self.context.timed_on)) if self._times_in_child(trial) else (),
            rounds_in_all=self.rounds_in_all(item),
            num_threads=torch.get_num_threads(),
            fingerprint=self.context.dataset.fingerprint,
            data=str((self.data or work / "data").absolute()),
            features=str((self.features or work / "features").absolute()),
            work=str(folder.absolute()),
            progress=str(self._checkpoints(trial).absolute()),
            checkpoint_s=self.setup.checkpoint_every,
            progress_s=self.progress_s,
            memory_mib=self.setup.memory_limit,
            nproc=self.setup.nproc,
            check_determinism=self.setup.check_determinism,
            environment=dict(os.environ),
        )

    def _trained(self, job: Job, listen: Listener) -> ExitReport:
        if self.elsewhere is not None:
            limit_s = self.setup.trial_timeout or None
            return self.elsewhere.run(job, lambda message: listen(require_message(message)), limit_s)
        return self._isolated(worker.main, job.to_json(), listen) if self.setup.isolation else _here(job, listen)

    def _isolated(self, target: Callable[..., None], text: str, listen: Listener) -> ExitReport:
        supervisor = Supervisor(
            target=target,
            context=context_for(self.context.device.type),
            timeout_s=self.setup.trial_timeout or None,
            on_message=lambda message: listen(require_message(message)),
        )
        return supervisor.run(text)

    def _result_of(self, report: ExitReport, trial: Trial, folder: Path) -> TrialResult:
        """The child's result where it sent one; otherwise findings that say how the child ended.

        A trial whose model was trained and evaluated is delivered before it is timed: a bad end after that costs what
        was still to come, and nothing else.
        """
        if report.storage:
            self._require_disk()
        if report.result is None:
            return lost_result(report, *how_it_ended(report, self.setup.trial_timeout))
        dataset = self.context.dataset.of(trial.seed, trial.fold)
        try:
            labels, val_labels = (dataset.labels(part) for part in (dataset.plan.test, dataset.plan.val))
            classes, places = dataset.classes, dataset.test_places
            result = unpack(report.result, folder, labels=labels, val_labels=val_labels, classes=classes, places=places)
            if result.findings.facts:
                require_conditions(result.findings.facts, conditions_of(trial, self.setup.nproc))
        except (ValueError, ZooError) as error:
            return lost_result(report, "failed", f"its result cannot be used: {error}")
        if report.result.get("whole") is not True:
            _, cause = how_it_ended(report, self.setup.trial_timeout)
            apart = not self._times_in_child(trial)
            findings = without_times(result.findings, report.phase, cause, timed_apart=apart)
            result = replace(result, findings=findings)
        return replace(result, log=joined(result.log, report.log))

    def _require_disk(self) -> None:
        """Raise StoreError if the disk refuses this process too: no trial's word alone ends the run."""
        probe = self.work / "probe"
        write_atomic(probe, b"probe")
        probe.unlink()
        require_space(self.store.path, expected_bytes(self.context, 1))


def in_smaller_parts(trial: Trial) -> Trial | None:
    """The same trial with twice as many passes to an optimiser step; None where no pass would be any smaller."""
    halved = replace(trial.train, grad_accum=2 * trial.train.grad_accum)
    return replace(trial, train=halved) if largest_part(halved) < largest_part(trial.train) else None


def retried(findings: Findings, size: int, smaller: int) -> Findings:
    """Those of the second attempt, which say that the first ran out of memory, and how many images each pass had."""
    said = f"out of memory with {size} images at a time"
    notes = [f"{said}, trained with {smaller}", findings.facts.get("notes")]
    facts = {**findings.facts, "retried_after": "oom", "notes": "; ".join(str(note) for note in notes if note)}
    error = findings.error
    if error and findings.status in ("failed", "timeout"):
        error = replace(error, cause=f"{said}; then, with {smaller}: {error.cause}")
    return replace(findings, facts=facts, error=error)


def _nobody(message: Mapping[str, Any]) -> None:
    """Hears what a round of timing says of itself: its trial has said it all before."""


def _timed_here(jobs: Sequence[Job]) -> ExitReport:
    """Time in this very process, for --no-isolation; what a model raises beside its steps is the round's end alone."""
    try:
        result = timing_worker.perform(jobs, worker.Messenger(_nobody))
    except Exception as error:
        return ExitReport(problem=f"{type(error).__name__}: {first_line(error)}")
    return ExitReport(exitcode=0, result=json.loads(json.dumps(result)))


def _here(job: Job, listen: Listener) -> ExitReport:
    """Carry the job out in this very process, for --no-isolation."""
    messenger = worker.Messenger(listen)
    result = worker.perform(job, messenger, worker.make_checkpoints(job, messenger))
    # Through JSON as from a child: what isolation refuses must not pass without it.
    return ExitReport(exitcode=0, result=json.loads(json.dumps(result)))
