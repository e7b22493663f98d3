"""Whether the models of a run will fit into memory: asked before the first trial, and said in lines.

Models are built for that, without memory, in child processes: a plugin that crashes or hangs there costs no more than
its answer. What cannot be known in time is not guessed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

import torch

from harness.isolation import memory_worker, supervisor
from harness.isolation.validate import is_number
from harness.machine.system import free_memory
from harness.timing.watch.nvml import board
from harness.trial.memory_estimate import MemoryEstimate
from results.tables.number_format import counted, shown_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.data.dataset import Dataset
    from harness.plan.config import TrainConfig
    from harness.plan.trials import Planned
    from harness.runs.context import RunContext
    from harness.runs.runner import Runner

# What needs no asking: a run that shows its models so few images in all is over in minutes, and memory is no question
# where there is that much for weights and beside it so many times the images of a batch (densenet121 holds 250 times).
FEW_IMAGES, AMPLE_WEIGHTS, AMPLE_ACTIVATIONS = 100_000, 6 * 2**30, 1000
PRETRAINED_SIDE, LEAST_SIDE = 224, 64  # in pixels; small images are often enlarged
ALL_SECONDS = 30.0  # for all models together
MODEL_SECONDS = 10.0  # densenet121 took 2 s on two busy cores: who takes longer is not worth the wait
AT_ONCE = 50  # models in a process
MOST_LINES = 10
FIELDS = tuple(MemoryEstimate.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """An estimate for each model that has one, the bytes that are free (None: nobody says), and who has them.

    `num_unasked` models were not come to before time was up, and `num_unknown` gave no answer, or are compiled.
    """

    estimates: Mapping[str, MemoryEstimate] = field(default_factory=dict)
    room: int | None = None
    place: str = ""
    num_unasked: int = 0
    num_unknown: int = 0


def is_worth_asking(context: RunContext, to_do: Sequence[Planned], limit_mib: int | None) -> bool:
    """Whether it can change anything to know, for the seconds that a model takes to be asked."""
    images = sum(item.trial.train.epochs for item in to_do) * context.dataset.counts["train"]
    if images >= FEW_IMAGES:
        return True
    _, room = free_bytes(context.device, limit_mib)
    most = max((_batch_bytes(item.trial.train, context.dataset) for item in to_do), default=0)
    return room is not None and room < AMPLE_WEIGHTS + AMPLE_ACTIVATIONS * most


def _batch_bytes(train: TrainConfig, dataset: Dataset) -> int:
    usual = PRETRAINED_SIDE if train.weights else max(2 * dataset.size, LEAST_SIDE)
    return 4 * train.batch_size * dataset.channels * (train.img_size or usual) ** 2


def foresee(runner: Runner, to_do: Sequence[Planned], seconds: float = ALL_SECONDS) -> Forecast:
    """Ask for each model of `to_do`; the runner has handed its dataset over."""
    firsts: dict[str, Planned] = {}
    for item in to_do:
        if not item.trial.train.torchcompile:  # a compiled graph keeps other activations
            firsts.setdefault(item.trial.model, item)
    place, room = free_bytes(runner.context.device, runner.setup.memory_limit)
    left = min(seconds, runner.setup.trial_timeout or seconds)
    estimates: dict[str, MemoryEstimate] = {}
    num_unasked = 0
    for items in _by_owner(firsts.values()):
        while items and left > 0:
            some = items[:AT_ONCE]
            told, spent = _asked(runner, some, room, left)
            left -= spent
            estimates |= {item.trial.model: one for item, one in zip(some, told, strict=False) if one is not None}
            del items[: min(len(told) + 1, len(some))]  # at the one after the last answer the process ended
        num_unasked += len(items)
    num_unknown = len({item.trial.model for item in to_do}) - len(estimates) - num_unasked
    return Forecast(estimates=estimates, room=room, place=place, num_unasked=num_unasked, num_unknown=num_unknown)


def free_bytes(device: torch.device, limit_mib: int | None) -> tuple[str, int | None]:
    """Who has memory for a trial, in words, and how many bytes are free; None where nobody says."""
    if device.type == "cpu":
        free = free_memory() or None
        if limit_mib is not None and (free is None or limit_mib * 2**20 < free):
            return f"--memory-limit allows {shown_bytes(limit_mib * 2**20)}", limit_mib * 2**20
        return f"this machine has {shown_bytes(free or 0)} free", free
    if device.type != "cuda":
        return "", None
    # Not torch.cuda.mem_get_info: it would make a context, which holds half a GiB of the device as long as the run.
    total = int(torch.cuda.get_device_properties(device).total_memory)
    one = board(device)
    free_there = one.free_bytes() if one else None
    free = total if free_there is None else min(total, free_there)
    return f"{device} has {shown_bytes(free)} {'in all' if free_there is None else 'free'}", free


def warnings(forecast: Forecast, *, is_tried_again: bool) -> list[str]:
    """A line for each model that may not fit, what becomes of it, and how many were not looked at; often none.

    `is_tried_again` says whether a trial that runs out of memory is known as such.
    """
    room = forecast.room
    short = {name: one for name, one in forecast.estimates.items() if room is not None and one.num_bytes > room}
    lines = [_warning(name, one, forecast.place) for name, one in short.items()]
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"and {counted(len(lines) - MOST_LINES, 'more model')} may not fit either"]
    again = "out of memory, a trial is tried once more with half as many images at a time"
    lines += [again if is_tried_again else "the system may kill a trial that takes more than there is"] if short else []
    if forecast.num_unasked:
        lines.append(f"memory of {counted(forecast.num_unasked, 'model')} was not estimated: it takes too long")
    if forecast.num_unknown:
        why = "compiled, or not to be run without numbers"
        lines.append(f"memory of {counted(forecast.num_unknown, 'model')} is not known before training: {why}")
    if room is None and forecast.estimates:
        lines.append("whether the models fit is not known: nobody says how much memory this device has free")
    return lines


def _warning(name: str, one: MemoryEstimate, place: str) -> str:
    size = f"with {counted(one.images, 'image')} at a time"
    ways = [f"--batch-size {one.batch_size} fits"] if one.batch_size else []
    ways += [f"--grad-accum {one.grad_accum} {'keeps the batch' if ways else 'fits'}"] if one.grad_accum else []
    remedy = ", ".join(ways) or "no smaller batch fits"
    return f"{name} may need about {shown_bytes(one.num_bytes)} to train {size}, and {place}: {remedy}"


def _by_owner(items: Iterable[Planned]) -> list[list[Planned]]:
    """A plugin sees no other's models."""
    owners: dict[str, list[Planned]] = {}
    for item in items:
        owners.setdefault(item.choice.owner, []).append(item)
    return list(owners.values())


def _asked(
    runner: Runner, items: Sequence[Planned], room: int | None, seconds: float
) -> tuple[list[MemoryEstimate | None], float]:
    """The answers of one process, which may end before its last, and the seconds that it worked.

    Its start is not counted: the first has to wait for the fork server's imports, which trials need all the same.
    """
    told: list[MemoryEstimate | None] = []
    began = [monotonic()]

    def hear(message: Mapping[str, Any]) -> None:
        if "begun" in message:
            began.append(monotonic())
        elif "estimate" in message and len(told) < len(items):
            told.append(_read(message["estimate"]))

    supervisor.start_server()  # whatever the device: a model without memory needs no accelerator
    asked = supervisor.Supervisor(
        target=memory_worker.main, context=supervisor.context_for("cpu"), timeout_s=seconds, on_message=hear
    )
    jobs = [runner.job(item, item.trial, runner.store.work).to_json() for item in items]
    asked.run(json.dumps({"jobs": jobs, "room": room, "seconds": MODEL_SECONDS}))
    return told, monotonic() - began[-1]


def _read(data: Any) -> MemoryEstimate | None:
    """Raises ValueError where it is not what a child that looks ahead says."""
    if data is None:
        return None
    if not isinstance(data, dict) or set(data) != set(FIELDS):
        raise ValueError("its estimate has no figures")
    if not all(isinstance(value, int) and is_number(value) and value >= 0 for value in data.values()):
        raise ValueError("its estimate is not made of counts")
    return MemoryEstimate(**data)
