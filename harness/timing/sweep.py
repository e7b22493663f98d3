# ruff: noqa: TID253
"""`harness time`: every model on every device at every batch size, a few models at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from harness import devices
from harness.allocator import keep_freed_memory
from harness.config import TimingConfig
from harness.timing import rows
from harness.timing.bench import Entry
from harness.timing.fleet import time_together
from harness.timing.flops import Work, count
from zoo.building import build
from zoo.errors import ZooError
from zoo.specs import Task

if TYPE_CHECKING:
    import argparse

    from zoo.selection import Choice

Say = Callable[[str], None]
# So many models share rounds and memory.
GROUP = 8
OPTIONS = ("rounds", "precision", "amp", "amp_dtype", "channels_last", "torchcompile", "num_threads", "train", "detail")


def sweep(arguments: argparse.Namespace, choices: Sequence[Choice], say: Say) -> list[rows.Row]:
    """One row a model, device and batch size. A model that cannot be built or run has a row that says why."""
    keep_freed_memory()
    targets = wanted_devices(arguments.device)
    options = {name: getattr(arguments, name) for name in OPTIONS}
    sizes = arguments.batch_size
    configs = [TimingConfig(batch_size=size, budget_s=arguments.time_budget, **options) for size in sizes]
    found = []
    for start in range(0, len(choices), GROUP):
        found += _time_group(choices[start : start + GROUP], targets, configs, arguments, say)
    return found


def wanted_devices(text: str) -> list[torch.device]:
    """The devices named, in order; `auto` alone is the CPU and the accelerator, since comparing them is the point."""
    if text == "auto":
        return [torch.device("cpu"), *({devices.resolve("auto")} - {torch.device("cpu")})]
    return list(dict.fromkeys(devices.resolve(part) for part in text.split(",")))


def _time_group(
    choices: Sequence[Choice],
    targets: Sequence[torch.device],
    configs: Sequence[TimingConfig],
    arguments: argparse.Namespace,
    say: Say,
) -> list[rows.Row]:
    built = list(_built(choices, arguments, say))
    entries = [entry for _, entry, _ in built if entry]
    work = {entry.name: _counted(entry) for entry in entries}
    found = [rows.failed(name, why) for name, entry, why in built if not entry]
    for device in targets:
        for config in configs:
            say(f"timing {len(entries)} models on {device}, batch {config.batch_size}, {config.precision_name}")
            timings = time_together(entries, device, config, tell=lambda line: say(f"  {line}"))
            pairs = zip(entries, timings, strict=True)
            found += [rows.row(entry.name, timing, work[entry.name], device) for entry, timing in pairs]
    return found


def _built(
    choices: Sequence[Choice], arguments: argparse.Namespace, say: Say
) -> Iterator[tuple[str, Entry | None, str]]:
    for choice in choices:
        say(f"building {choice.name}")
        task = Task.for_model(choice.spec, arguments.num_classes, image_size=arguments.img_size)
        try:
            model = build(choice.spec, task).model
        except ZooError as error:
            yield choice.name, None, error.cause.removeprefix(f"{choice.spec.name}: ")
            continue
        entry = Entry(name=choice.name, model=model, input_shape=task.input_shape, num_classes=task.num_classes)
        yield choice.name, entry, ""


def _counted(entry: Entry) -> Work | None:
    """The model's work; None where the counting mode does not get through, which says nothing against the model."""
    try:
        return count(entry.model, entry.input_shape)
    except Exception:
        return None
