"""The process of one trial: reads its job, carries it out, and sends its findings as JSON."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness.isolation.child_process import die_with_parent, kill_descendants, lead_group, limit_memory
from harness.isolation.dataset_files import take_over
from harness.isolation.job import Job
from harness.isolation.pipes import as_line
from harness.isolation.result_files import pack
from harness.machine.malloc import keep_freed_memory
from harness.plan.plugin_guard import WATCHED
from harness.training.checkpoint import Stopped, TrainingCheckpoints
from harness.training.feature_store import FeatureStore
from harness.training.numerics import forbid_tf32
from harness.trial.context import TrialContext
from harness.trial.determinism import judged
from harness.trial.trial import TrialCallbacks, run_trial
from results.errors import StoreError
from zoo.discovery import collect
from zoo.manager.loading import candidates, read_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.connection import Connection

    from zoo.manager.loading import Candidate, Requests
    from zoo.selection import Choice

CHECKPOINT_GAP_S = 10.0  # an epoch that ends sooner after a checkpoint writes none: it would cost more than it saves
STOPPED = 128 + signal.SIGTERM


def main(text: str, messages: Connection, log: Connection) -> None:
    """What the supervisor starts. A trial that is stopped leaves its checkpoint and no result."""
    # In this order: to die with the parent is to kill the group, which until here is the parent's own.
    lead_group()
    die_with_parent()
    _print_into(log)
    job = Job.from_json(text)
    # A fork server's children have the environment of the moment when it was started.
    os.environ.clear()
    os.environ.update(job.environment)
    messenger = Messenger(lambda message: _write(messages, as_line(message)))
    checkpoints = make_checkpoints(job, messenger)
    signal.signal(signal.SIGTERM, lambda number, frame: _stop(messenger, checkpoints))
    try:
        messenger.send({"result": perform(job, messenger, checkpoints)})
    except Stopped:
        _leave(STOPPED)
    except StoreError as error:
        messenger.send({"storage": error.cause})
        _leave(error.exit_code)
    except Exception as error:
        traceback.print_exc()
        messenger.send({"problem": " ".join(f"{type(error).__name__}: {error}".split())[:300]})
        _leave(1)
    # What a plugin left behind - threads, handlers at exit - has no say in how this process ends.
    _leave(0)


class Messenger:
    """What a trial says while it runs; `phase` is the last that it named."""

    def __init__(self, send: Callable[[Mapping[str, Any]], None]) -> None:
        self.send, self.phase = send, "start"

    def note(self, text: str) -> None:
        self.send({"note": text})

    def enter(self, phase: str) -> None:
        self.phase = phase
        self.send({"phase": phase})


def perform(job: Job, messenger: Messenger, checkpoints: TrainingCheckpoints) -> dict[str, Any]:
    """Carry the job out in this process; returns the result as JSON, its arrays are files in `job.work`."""
    keep_freed_memory()
    if job.memory_mib is not None:
        limit_memory(job.memory_mib)
    forbid_tf32()
    context = TrialContext(
        dataset=take_over(Path(job.data)),
        device=torch.device(job.device),
        timed_on=tuple(torch.device(name) for name in job.timed_on),
        features=FeatureStore(Path(job.features)),
    )
    callbacks = TrialCallbacks(
        on_epoch=lambda row: messenger.send({"epoch": row}), on_phase=messenger.enter, checkpoints=checkpoints
    )
    choice = find_choice(job)
    torch.set_num_threads(job.num_threads)  # last: a plugin may have set its own as it was imported
    outcome = run_trial(job.trial, choice, context, callbacks)
    if job.check_determinism:
        outcome = judged(outcome, job.trial, choice, context)
    messenger.enter("deliver")
    if outcome.card is not None:
        card = replace(outcome.card, plugin=job.owner, plugin_source=job.owner_source)
        outcome = replace(outcome, card=card)
    return pack(outcome, Path(job.work))


def make_checkpoints(job: Job, messenger: Messenger) -> TrainingCheckpoints:
    """The checkpoints of the trial: where they lie, and which trial on which data they belong to."""
    identity = {"key": job.trial.key, "fingerprint": job.fingerprint, "trial": job.trial.as_json()}
    gap_s = min(CHECKPOINT_GAP_S, job.checkpoint_s)
    return TrainingCheckpoints(
        Path(job.progress), identity, every_s=job.checkpoint_s, min_gap_s=gap_s, on_note=messenger.note
    )


def find_choice(job: Job) -> Choice:
    """The model of the job. Its own plugin alone is loaded: no other can harm it."""

    def owner_only(requests: Requests) -> Iterator[Candidate]:
        return (one for one in candidates(requests) if job.owner in (one.name, f"{one.name} ({one.source})"))

    zoo = collect(owner_only, read_requests(job.plugins, os.environ), WATCHED)
    return zoo.select(job.trial.model)[0]


def _stop(messenger: Messenger, checkpoints: TrainingCheckpoints) -> None:
    """Training saves itself first; every other phase is short, and begins again."""
    if messenger.phase != "train":
        _leave(STOPPED)
    checkpoints.request_stop()


def _print_into(log: Connection) -> None:
    """Let everything printed here, by Python and by C, go to the log; a crash writes its stack there."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    faulthandler.enable(file=2, all_threads=False)


def _write(messages: Connection, line: bytes) -> None:
    left = memoryview(line)  # a signal may end a write half-way
    while left:
        left = left[os.write(messages.fileno(), left) :]


def _leave(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    kill_descendants(os.getpid())  # what it left behind would be nobody's once it has ended
    os._exit(code)
