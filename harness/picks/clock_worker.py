"""The process in which one model is timed: built from random weights, so that nothing is downloaded."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import torch

from harness.isolation.child_process import limit_memory
from harness.isolation.timing_results import pack
from harness.isolation.worker import begin, leave, serve
from harness.machine.threads import default_threads
from harness.plan.config import TimingConfig, grouped
from harness.plan.plugin_guard import WATCHED
from harness.trial.times import time_on
from zoo.building import build
from zoo.discovery import discover
from zoo.manager import switches
from zoo.specs import Task

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection

    from harness.isolation.worker import Messenger

STOPPED = 128 + signal.SIGTERM


def main(text: str, messages: Connection, log: Connection) -> None:
    """What the supervisor starts, with a model's name, the size of its images, and how it is to be timed."""
    job = json.loads(text)
    messenger = begin(job["environment"], messages, log)
    signal.signal(signal.SIGTERM, lambda number, frame: leave(STOPPED))
    serve(messenger, lambda: perform(job, messenger))


def perform(job: Mapping[str, Any], messenger: Messenger) -> dict[str, Any]:
    """Build the model and time it; each is named before it begins, so that a crash says in which one it was."""
    messenger.enter("build")
    if job["memory_mib"]:
        limit_memory(job["memory_mib"])
    switches.set_standard(exact=job["exact"])
    config = TimingConfig(**grouped(job["timing"]))
    torch.set_num_threads(config.numerics.num_threads or default_threads())
    (choice,) = discover(job["plugins"], watched=WATCHED).select(job["model"])
    task = Task.for_model(choice.spec, job["num_classes"], image_size=job["img_size"])
    values = switches.read()
    model = build(choice.spec, task).model
    switches.put_back(values)
    messenger.enter("time")
    device = torch.device(job["device"])
    timed = time_on(device, model, task.input_shape, job["num_classes"], config, exact=job["exact"])
    return {"times": pack([[timed]]), "whole": True}
