"""The process in which one model goes through the checks of `zoo.testing`: what it does, it does to itself."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.isolation.worker import begin, leave, serve
from harness.plan.plugin_guard import WATCHED
from zoo.discovery import discover
from zoo.testing.kit import Session
from zoo.testing.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection

    from harness.isolation.worker import Messenger

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
    subject = Subject(choice.spec, choice.name, zoo.plugin(choice.owner).source, job["plugins"])
    results = Session(subject, entered=messenger.enter).results(slow=job["slow"])
    return {"checks": [asdict(result) for result in results], "whole": True}
