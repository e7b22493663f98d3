"""The process of one trial: reads its job, carries it out, and sends its findings as JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch

from harness.data.batches.progress import EpochProgress
from harness.isolation.child_process import die_with_parent, kill_descendants, lead_group, limit_memory, print_into
from harness.isolation.dataset_files import take_over
from harness.isolation.job import Job
from harness.isolation.pipes import has_room, write_line
from harness.isolation.result_files import pack, pack_again
from harness.machine.device_names import device_of_rank
from harness.machine.facts import machine_facts
from harness.machine.malloc import keep_freed_memory
from harness.machine.system import LIBRARIES
from harness.plan.plugin_guard import WATCHED
from harness.timing import memory
from harness.training.checkpoint import Stopped, TrainingCheckpoints
from harness.training.feature_store import FeatureStore
from harness.trial.context import Notes, TrialContext
from harness.trial.determinism import judged
from harness.trial.outcome import Outcome, lost
from harness.trial.ranks import Ranks, Seat, start
from harness.trial.trial import TrialCallbacks, run_trial, take_part
from results.errors import StoreError
from zoo.discovery import collect
from zoo.errors import ZooError
from zoo.libraries import download
from zoo.manager import switches
from zoo.manager.content import changed_files
from zoo.manager.loading import only, read_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.connection import Connection

    from harness.plan.config import Trial
    from zoo.selection import Choice

CHECKPOINT_GAP_S = 10.0  # an epoch that ends sooner after a checkpoint writes none: it would cost more than it saves
STOPPED = 128 + signal.SIGTERM


def main(text: str, messages: Connection, log: Connection) -> None:
    """What the supervisor starts. A trial that is stopped leaves its checkpoint and no result."""
    job = Job.from_json(text)
    others: list[Ranks] = []
    messenger = begin(job.environment, messages, log, lambda: others.extend(start(job.nproc, partial(_take_part, job))))
    checkpoints = make_checkpoints(job, messenger)
    signal.signal(signal.SIGTERM, lambda number, frame: _stop(messenger, checkpoints))
    if not job.timed_on:  # what this cannot undo would be a condition of the times
        keep_freed_memory()
    serve(messenger, lambda: perform(job, messenger, checkpoints, *others))


def begin(
    environment: Mapping[str, str], messages: Connection, log: Connection, fork: Callable[[], None] = lambda: None
) -> Messenger:
    """Make this process one of the run's: in a group of its own, printing into `log`, in the parent's environment.

    `fork` is called while it has no thread yet.
    """
    lead_group()
    print_into(log)
    # A fork server's children have the environment of the moment when it was started.
    os.environ.clear()
    os.environ.update(environment)
    fork()
    die_with_parent()  # which is to kill the group: it has to be this process's own by now
    return Messenger(lambda message: write_line(messages, message), partial(has_room, messages))


def serve(messenger: Messenger, work: Callable[[], dict[str, Any]]) -> None:
    """Send what `work` gives, or why it gave nothing, and end this process."""
    try:
        messenger.send({"result": work()})
    except Stopped:
        leave(STOPPED)
    except StoreError as error:
        messenger.send({"storage": error.cause})
        leave(error.exit_code)
    except Exception as error:
        traceback.print_exc()
        messenger.send({"problem": " ".join(f"{type(error).__name__}: {error}".split())[:300]})
        leave(1)
    # What a plugin left behind - threads, handlers at exit - has no say in how this process ends.
    leave(0)


class Messenger:
    """What a trial says while it runs; `phase` is the last that it named."""

    def __init__(self, send: Callable[[Mapping[str, Any]], None], is_heard: Callable[[], bool] = lambda: True) -> None:
        self.send, self.is_heard, self.phase = send, is_heard, "start"

    def send_if_heard(self, message: Mapping[str, Any]) -> None:
        """Send what may as well be left out, if that takes no waiting."""
        if self.is_heard():
            self.send(message)

    def note(self, text: str) -> None:
        self.send({"note": text})

    def enter(self, phase: str) -> None:
        self.phase = phase
        self.send({"phase": phase})


def _take_part(job: Job, seat: Seat) -> None:
    """What a further process of a trial does. It says nothing, and reads checkpoints without writing any."""
    own = replace(job, device=device_of_rank(job.device, seat.rank), progress_s=0.0)
    silent = Messenger(lambda message: None)
    keep_freed_memory()
    perform(own, silent, make_checkpoints(own, silent, writes=False), seat)


def perform(
    job: Job, messenger: Messenger, checkpoints: TrainingCheckpoints, others: Ranks | Seat | None = None
) -> dict[str, Any]:
    """Carry the job out in this process; returns the result as JSON, its arrays are files in `job.work`.

    What is found is sent as soon as it is, marked as not `whole`: the process may come to any end after that. A further
    process of the trial has a seat among `others`, and no result.
    """
    if job.memory_mib is not None:
        limit_memory(job.memory_mib // job.nproc)
    with switches.kept():  # without isolation this process is the caller's
        switches.set_standard(exact=job.trial.train.exact)
        torch.set_num_threads(job.threads_each)
        return _performed(job, messenger, checkpoints, others)


def _performed(
    job: Job, messenger: Messenger, checkpoints: TrainingCheckpoints, others: Ranks | Seat | None
) -> dict[str, Any]:
    notes, delivery = Notes(say=messenger.note), Delivery(job, messenger)
    if isinstance(others, Ranks):
        others.watch(delivery.end_without)
    context = TrialContext(  # before the plugin is imported: it has torch's switches as all trials begin with them
        dataset=take_over(Path(job.data), messenger.note).of(job.trial.seed, job.trial.fold),
        device=torch.device(job.device),
        timed_on=tuple(torch.device(name) for name in job.timed_on),
        rounds=job.rounds_in_all,
        features=FeatureStore(Path(job.features), computation(job), notes.add),
        notes=notes,
        peers=others.join(job.device) if others else None,
    )
    callbacks = TrialCallbacks(
        on_epoch=lambda row: messenger.send({"epoch": row}),
        on_phase=messenger.enter,
        on_evaluated=others.release if isinstance(others, Ranks) else lambda: None,
        on_trained=delivery.send,
        progress=_progress(job, messenger, context.device),
        checkpoints=checkpoints,
    )
    choice = find_choice(job)
    trial = with_weights_of_the_run(job)
    if isinstance(others, Seat):
        take_part(trial, choice, context, callbacks)
        return {}
    with download.reported(Downloads(messenger, job.progress_s).tell) if job.progress_s else nullcontext():
        outcome = run_trial(trial, choice, context, callbacks)
    if isinstance(others, Ranks):
        if checkpoints.is_stopping and outcome.findings.error:
            leave(STOPPED)  # where its time is up, the others are killed before it
        outcome = others.explained(outcome)
    if job.check_determinism:
        delivery.send(outcome)
        messenger.enter("check")
        outcome = judged(outcome, trial, choice, context)
    messenger.enter("deliver")
    return delivery.pack(outcome) | {"whole": True}


def _progress(job: Job, messenger: Messenger, device: torch.device) -> EpochProgress | None:
    """Says how far an epoch is, where somebody sees it; not to a parent that was stopped and reads nothing."""

    def tell(figures: Mapping[str, float]) -> None:
        whole = {**figures, "images_per_s": figures["images_per_s"] * job.nproc}
        messenger.send_if_heard({"progress": {**whole, "memory_mib": memory.in_use_mib(device)}})

    return EpochProgress(tell=tell, every_s=job.progress_s) if job.progress_s else None


@dataclass(slots=True)
class Downloads:
    """Says how far a download is, every `every_s` seconds and at its end."""

    messenger: Messenger
    every_s: float
    told: float = 0.0

    def tell(self, what: str, done: int, total: int) -> None:
        if perf_counter() - self.told >= self.every_s or done == total:
            self.told = perf_counter()
            stage = {"name": f"download {what}", "done": done, "total": total, "unit": "B"}
            self.messenger.send_if_heard({"stage": stage})


class Delivery:
    """Hands a trial's outcome over: what it has by now, and more of it later. Its files are written once."""

    def __init__(self, job: Job, messenger: Messenger) -> None:
        self.job, self.messenger = job, messenger
        self.packed: dict[str, Any] = {}

    def end_without(self, status: str, cause: str) -> None:
        """End this process, with all others of the trial, where one of them is lost and this one waits for it."""
        outcome = Outcome(findings=lost(status=status, phase=self.messenger.phase, cause=cause))
        self.messenger.send({"result": pack(outcome, Path(self.job.work)) | {"whole": True}})
        leave(0)

    def send(self, outcome: Outcome) -> None:
        """Send what there is; more may follow."""
        self.messenger.send({"result": self.pack(outcome) | {"whole": False}})

    def pack(self, outcome: Outcome) -> dict[str, Any]:
        """The outcome as JSON, its arrays and weights as files."""
        if outcome.card is not None:
            job = self.job
            card = replace(
                outcome.card, plugin=job.owner, plugin_source=job.owner_source, plugin_files=dict(job.plugin_files)
            )
            outcome = replace(outcome, card=card)
        self.packed = pack_again(self.packed, outcome) if self.packed else pack(outcome, Path(self.job.work))
        return self.packed


def make_checkpoints(job: Job, messenger: Messenger, *, writes: bool = True) -> TrainingCheckpoints:
    """The checkpoints of the trial: where they lie, and which trial on which data they belong to.

    Without `writes` this process only goes on from them: of several that train together the first saves for all.
    """
    content = {"plugin": dict(job.plugin_files), "weights": job.weights_sha256}
    identity = {"key": job.trial.key, "fingerprint": job.fingerprint, "trial": job.trial.as_json(), "content": content}
    every_s = job.checkpoint_s if writes else inf
    gap_s = min(CHECKPOINT_GAP_S, every_s) if writes else inf
    return TrainingCheckpoints(Path(job.progress), identity, every_s=every_s, min_gap_s=gap_s, on_note=messenger.note)


def find_choice(job: Job) -> Choice:
    """The model of the job. Its own plugin alone is loaded.

    Raises ZooError where the plugin is not the one that the run began with: the others of its trials were.
    """
    zoo = collect(only(job.owner, job.owner_source), read_requests(job.plugins, os.environ), WATCHED)
    choice = zoo.select(job.trial.model)[0]
    changed = changed_files(job.plugin_files, zoo.content(choice.owner))
    if changed:
        cause = f"the plugin {job.owner} has changed since the run began: {', '.join(changed[:3])}"
        raise ZooError(cause, "restore it and retry, or start a new run")
    return choice


def with_weights_of_the_run(job: Job) -> Trial:
    """The trial with the hash that its weights file had as the run began: one that was replaced since is refused."""
    train = job.trial.train
    if train.weights is None or not job.weights_sha256:
        return job.trial
    weights = replace(train.weights, sha256=job.weights_sha256)
    return replace(job.trial, train=replace(train, weights=weights))


def computation(job: Job) -> str:
    """What makes a model's outputs of its tensors: its code, and the libraries below it."""
    libraries = {name: machine_facts()[name] for name in LIBRARIES}
    names = [job.trial.model, str(job.trial.train.weights), job.owner, job.owner_source]
    return json.dumps([names, dict(job.plugin_files), libraries], sort_keys=True)


def _stop(messenger: Messenger, checkpoints: TrainingCheckpoints) -> None:
    """Training saves itself first; every other phase is short, and begins again."""
    if messenger.phase != "train":
        leave(STOPPED)
    checkpoints.request_stop()


def leave(code: int) -> None:
    """End this process at once, with all that it has started."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    kill_descendants(os.getpid())  # what it left behind would be nobody's once it has ended
    os._exit(code)
