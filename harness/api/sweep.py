"""`harness time`: every model on every device at every batch size, a few models at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.api import timing_rows
from harness.machine import devices
from harness.machine.malloc import keep_freed_memory
from harness.machine.threads import default_threads
from harness.runs.console.events import Stage
from harness.runs.console.screen import open_screen
from harness.timing.entry import Entry
from harness.timing.flops import Work, count
from harness.timing.measure import time_together
from zoo.building import build
from zoo.errors import ZooError, first_line
from zoo.specs import Task

if TYPE_CHECKING:
    from harness.plan.request import TimeRequest
    from harness.runs.console.screen import Screen
    from zoo.selection import Choice

# So many models share rounds and memory.
GROUP = 8


def sweep(request: TimeRequest, choices: Sequence[Choice]) -> list[timing_rows.TimingRow]:
    """One row a model, device and batch size. A model that cannot be built or run has a row that says why."""
    if request.keeps_memory:
        keep_freed_memory()
    targets = wanted_devices(request.devices)
    num_threads = torch.get_num_threads()
    torch.set_num_threads(default_threads())  # what a configuration that names no number takes
    try:
        with open_screen(request.log, quiet=request.quiet) as screen:
            return _timed(choices, targets, request, screen)
    finally:
        torch.set_num_threads(num_threads)  # the caller's process goes on


def wanted_devices(text: str) -> list[torch.device]:
    """The devices named, in order; `auto` alone is the CPU and the accelerator, since comparing them is the point."""
    if text == "auto":
        return [torch.device("cpu"), *({devices.resolve("auto")} - {torch.device("cpu")})]
    return list(dict.fromkeys(devices.resolve(part) for part in text.split(",")))


def _timed(
    choices: Sequence[Choice], targets: Sequence[torch.device], request: TimeRequest, screen: Screen
) -> list[timing_rows.TimingRow]:
    num_kinds = sum(2 if config.train else 1 for config in request.configs)
    steps = _Steps(screen=screen, total=len(choices) * len(targets) * num_kinds)
    rows = []
    for start in range(0, len(choices), GROUP):
        rows += _time_group(choices[start : start + GROUP], targets, request, steps)
    return rows


@dataclass(slots=True, kw_only=True)
class _Steps:
    """How far the timing is: of `total` kinds of steps, each of a model under one configuration, `begun` were begun."""

    screen: Screen
    total: int
    begun: int = 0

    def tell(self, line: str, is_new: bool) -> None:
        """What is timed next; nothing is at this moment."""
        self.screen.tell(
            Stage(name="timing", done=self.begun, total=self.total, detail=line, line=f"  {line}", is_timed=True)
        )
        self.begun += is_new

    def build(self, number: int, choices: Sequence[Choice]) -> None:
        name = choices[number].name
        self.screen.tell(Stage(name="building", done=number, total=len(choices), detail=name, line=f"building {name}"))


def _time_group(
    choices: Sequence[Choice], targets: Sequence[torch.device], request: TimeRequest, steps: _Steps
) -> list[timing_rows.TimingRow]:
    built = []
    for number, choice in enumerate(choices):
        steps.build(number, choices)
        built.append(_built(choice, request))
    entries = [entry for _, entry, _ in built if entry]
    work = {entry.name: _counted(entry, steps.screen) for entry in entries}
    rows = [timing_rows.failed(name, why) for name, entry, why in built if not entry]
    for device in targets:
        for config in request.configs:
            models = f"{len(entries)} models on {device}, batch {config.batch_size}, {config.precision_name}"
            steps.screen.tell(Stage(name="timing", done=steps.begun, total=steps.total, line=f"timing {models}"))
            timings = time_together(entries, device, config, tell=steps.tell)
            pairs = zip(entries, timings, strict=True)
            rows += [timing_rows.row(entry.name, timing, work[entry.name], device) for entry, timing in pairs]
    return rows


def _built(choice: Choice, request: TimeRequest) -> tuple[str, Entry | None, str]:
    """A model's name, and itself or what is wrong with it."""
    task = Task.for_model(choice.spec, request.num_classes, image_size=request.img_size)
    try:
        model = build(choice.spec, task).model
    except ZooError as error:
        return choice.name, None, error.cause.removeprefix(f"{choice.spec.name}: ")
    entry = Entry(name=choice.name, model=model, input_shape=task.input_shape, num_classes=task.num_classes)
    return choice.name, entry, ""


def _counted(entry: Entry, screen: Screen) -> Work | None:
    """The model's work; None where the counting mode does not get through, which says nothing against the model."""
    try:
        return count(entry.model, entry.input_shape)
    except Exception as error:
        screen.line(
            f"  {entry.name}: its multiply-adds cannot be counted ({type(error).__name__}: {first_line(error)})"
        )
        return None
