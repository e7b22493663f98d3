"""Timing one model: the call that a trial makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.timing import memory
from harness.timing.clock import clock_for
from harness.timing.entry import INFER, TRAIN, Entry, TimedModel
from harness.timing.restore import applied, resident
from harness.timing.result import summarise
from harness.timing.steps import make_workload

if TYPE_CHECKING:
    import torch
    from torch import nn

    from harness.plan.config import TimingConfig
    from harness.timing.clock import Clock
    from harness.timing.result import Timing


def measure(
    model: nn.Module,
    input_shape: tuple[int, int, int],
    num_classes: int,
    device: torch.device,
    config: TimingConfig,
    *,
    exact: bool = False,
) -> Timing:
    """Time inference and training steps of `model` on `device`; the model comes back exactly as it was.

    `input_shape` is [C, H, W]. The measurements are named `cpu_infer_step_time`, `cuda_train_step_time` and so on, in
    ms a batch with all samples. A step that raises is in `failures`, not an exception. With `exact` no float32
    operation takes TF32; else it is as in a process that only imports torch.
    """
    entry = Entry(name="model", model=model, input_shape=input_shape, num_classes=num_classes)
    (timing,) = time_together([entry], device, config, exact=exact)
    return timing


def time_together(
    entries: Sequence[Entry],
    device: torch.device,
    config: TimingConfig,
    *,
    tell: Callable[[str, bool], None] = lambda line, is_new: None,
    clock: Clock | None = None,
    exact: bool = False,
) -> list[Timing]:
    """Time every entry under the same conditions, one timing for each, in order.

    A model that fails costs only itself. What was disturbed is timed once more, and the better of both is kept. `tell`
    gets what is timed next, and whether it is new: not once more.
    """
    with applied(config, exact=exact), ExitStack() as stack:
        timed_models = [TimedModel(entry=entry, clock=clock or clock_for(device)) for entry in entries]
        for timed in timed_models:
            _open(stack, timed, device, config)
        for kind in (INFER, TRAIN) if config.train else (INFER,):
            _time_kind(kind, timed_models, config.rounds, tell)
        return [summarise(timed, device, config) for timed in timed_models]


def _open(stack: ExitStack, timed: TimedModel, device: torch.device, config: TimingConfig) -> None:
    entry = timed.entry
    with timed.surviving(INFER):
        timed.base_mib = memory.in_use_mib(device)
        stack.enter_context(resident(entry.model, device, config))
        timed.workload = make_workload(entry.model, entry.input_shape, entry.num_classes, device, config)


def _time_kind(
    kind: str, timed_models: Sequence[TimedModel], num_rounds: int, tell: Callable[[str, bool], None]
) -> None:
    for timed in timed_models:
        tell(f"{kind} {timed.entry.name}", True)
        timed.warm_up(kind, num_rounds)
    _take_turns(kind, timed_models, num_rounds)
    disturbed = [timed for timed in timed_models if kind in timed.series and timed.series[kind].is_worth_another_try()]
    if not disturbed:
        return
    tell(f"{kind} again, disturbed: {', '.join(timed.entry.name for timed in disturbed)}", False)
    firsts = [timed.series[kind] for timed in disturbed]
    for timed, first in zip(disturbed, firsts, strict=True):
        timed.series[kind] = first.again()
    _take_turns(kind, disturbed, num_rounds)
    for timed, first in zip(disturbed, firsts, strict=True):
        # A second try that raised took the series away: the first does not stand for a model that has failed.
        if kind in timed.series:
            timed.series[kind] = first.better(timed.series[kind])


def _take_turns(kind: str, timed_models: Sequence[TimedModel], num_rounds: int) -> None:
    for _ in range(num_rounds):
        for timed in timed_models:
            timed.run_round(kind)
