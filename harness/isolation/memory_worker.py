"""The process that looks ahead: how much memory training will take, a model at a time. It trains and times nothing."""

from __future__ import annotations

import json
import signal
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.isolation.child_process import can_limit_memory, limit_memory
from harness.isolation.dataset_files import take_over
from harness.isolation.job import Job
from harness.isolation.worker import begin, find_choice, leave, serve
from harness.machine.system import free_memory
from harness.trial.memory_estimate import estimate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from harness.isolation.worker import Messenger

LEAST_MIB = 1024
STOPPED = 128 + signal.SIGTERM


def main(text: str, messages: Connection, log: Connection) -> None:
    """What the supervisor starts, with jobs of one plugin, the bytes that are free (None: unknown) and the seconds that
    a model may take.

    It sends {"begun": true}, and {"estimate": …} for each job in their order, null where there is none. SIGALRM ends it
    at a model that takes too long, be it in Python or in C.
    """
    given = json.loads(text)
    jobs = [Job.from_json(one) for one in given["jobs"]]
    messenger = begin(jobs[0].environment, messages, log)
    signal.signal(signal.SIGTERM, lambda number, frame: leave(STOPPED))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    room = float("inf") if given["room"] is None else float(given["room"])
    serve(messenger, lambda: perform(jobs, room, given["seconds"], messenger))


def perform(jobs: Sequence[Job], room: float, seconds: float, messenger: Messenger) -> dict[str, Any]:
    """Send an estimate for each job."""
    if can_limit_memory():  # a builder that heeds no meta device must not take what is not the trial's
        limit_memory(max(LEAST_MIB, int(min(free_memory() / 2, room) / 2**20)))
    messenger.send({"begun": True})
    for job in jobs:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        messenger.send({"estimate": _estimate(job, room)})
        signal.setitimer(signal.ITIMER_REAL, 0)
    return {"whole": True}


def _estimate(job: Job, room: float) -> dict[str, int] | None:
    try:
        dataset = take_over(Path(job.data), lambda note: None)
        device_type = job.device.partition(":")[0]
        return asdict(estimate(job.trial.train, find_choice(job), dataset, device_type, room))
    except Exception:  # what cannot be known is not guessed; if the model is broken, its trial will say so
        traceback.print_exc()
        return None
