"""The process in which one model goes through the checks of `zoo.testing`: what it does, it does to itself."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.isolation.child_process import can_limit_memory, limit_memory
from harness.isolation.worker import begin, leave, serve
from harness.machine.oom import is_out_of_memory
from harness.machine.system import free_memory
from harness.plan.plugin_guard import WATCHED
from zoo.discovery import discover
from zoo.testing.elsewhere import Question
from zoo.testing.kit import Session
from zoo.testing.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection

    from harness.isolation.worker import Messenger

SHARE = 0.75  # of the free memory, for this process: another one builds the model too
STOPPED = 128 + signal.SIGTERM


def main(text: str, messages: Connection, log: Connection) -> None:
    """What the supervisor starts, with a model's name, the -p arguments, and whether slow checks are wanted."""
    job = json.loads(text)
    messenger = begin(job["environment"], messages, log)
    signal.signal(signal.SIGTERM, lambda number, frame: leave(STOPPED))
    serve(messenger, lambda: perform(job, messenger))


def perform(job: Mapping[str, Any], messenger: Messenger) -> dict[str, Any]:
    """Carry all checks out; each is named before it begins, so that a crash says in which one it was."""
    import torch

    if job["num_threads"]:
        torch.set_num_threads(job["num_threads"])
    zoo = discover(job["plugins"], watched=WATCHED)
    (choice,) = zoo.select(job["name"])
    subject = Subject(choice.spec, choice.name, partial(Question, job["elsewhere"]), img_size=job["img_size"])
    room = int(SHARE * free_memory())
    if can_limit_memory() and room:
        limit_memory(room // 2**20)
    try:
        results = Session(subject, messenger.enter, is_out_of_memory).results(slow=job["slow"])
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        took = f"{room / 2**30:.1f} GiB, {SHARE:.0%} of what is free"
        return {"lacking": f"{messenger.phase}: it takes more memory than {took}"}
    return {"checks": [asdict(result) for result in results], "img_size": subject.task.image_size, "whole": True}
