"""The process of a round of timing: rebuilds trained models from their checkpoints, and times them.

It trains nothing and is told nothing of the data. Its allocator is the C library's own, as in a person's script: what
training lets glibc keep cannot be undone within a process.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness.isolation.child_process import limit_memory
from harness.isolation.job import Job
from harness.isolation.timing_results import pack
from harness.isolation.worker import Messenger, begin, find_choice, leave, serve
from harness.timing.entry import Entry
from harness.timing.rounds import share
from harness.training.model import freeze_all_but
from harness.trial import saved_model
from harness.trial.times import time_by_turns, time_on
from zoo.manager import switches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from harness.trial.times import DeviceTiming

STOPPED = 128 + signal.SIGTERM


def main(text: str, messages: Connection, log: Connection) -> None:
    """What the supervisor starts, with a list of jobs: a round that is stopped leaves nothing."""
    jobs = [Job.from_json(one) for one in json.loads(text)]
    messenger = begin(jobs[0].environment, messages, log)
    signal.signal(signal.SIGTERM, lambda number, frame: leave(STOPPED))
    serve(messenger, lambda: perform(jobs, messenger))


def perform(jobs: Sequence[Job], messenger: Messenger) -> dict[str, Any]:
    """Time the models of all jobs by turns in this process; returns what was found as JSON, in the jobs' order."""
    first = jobs[0]
    messenger.enter("time")
    if first.memory_mib is not None:
        limit_memory(first.memory_mib)
    with switches.kept():  # without isolation this process is the caller's
        switches.set_standard(exact=first.trial.train.exact)
        torch.set_num_threads(first.num_threads)
        values = switches.read()
        entries = [_entry(job) for job in jobs]
        switches.put_back(values)
        found = [_timed(torch.device(name), entries, jobs) for name in first.timed_on]
    return {"times": pack([list(one) for one in zip(*found, strict=True)]), "whole": True}


def _entry(job: Job) -> Entry:
    """The trained model of a job as its trial left it: what was frozen in training is frozen in its training step."""
    built, shape = saved_model.rebuild(Path(job.checkpoint), find_choice(job).spec)
    freeze_all_but(built.model, built.head.names if job.trial.train.finetune == "head" else ())
    return Entry(name=job.trial.key, model=built.model, input_shape=shape, num_classes=built.num_classes)


def _timed(device: torch.device, entries: Sequence[Entry], jobs: Sequence[Job]) -> list[DeviceTiming]:
    first = jobs[0]
    config, exact = share(first.trial.timing, first.rounds, first.rounds_in_all), first.trial.train.exact
    if len(entries) > 1:
        return time_by_turns(device, entries, config, exact=exact)
    (one,) = entries
    return [time_on(device, one.model, one.input_shape, one.num_classes, config, exact=exact)]
