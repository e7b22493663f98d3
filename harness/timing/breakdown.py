"""Where a training step's time goes, and what it costs to bring a batch to the device: each timed on its own."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from harness.timing.sampling import collector_paused
from harness.timing.steps import TrainingStep
from harness.timing.watch import nvml
from results.records import Measurement

if TYPE_CHECKING:
    from torch import Tensor

    from harness.timing.clock import Clock
    from harness.timing.entry import TimedModel
    from harness.timing.series import TimedStep
    from harness.timing.steps import Workload
    from harness.timing.watch.nvml import Board

PHASES = ("forward", "backward", "optimizer")
MIN_SAMPLES = 5
# The counter of energy moves some ten times a second: over three seconds its steps matter little.
SECONDS = 3.0


def details(timed: TimedModel) -> list[Measurement]:
    """The phases of the training step, where one was timed, energy where it is counted, the copy to an accelerator."""
    if timed.workload is None:
        return []
    budget_s = timed.workload.config.budget_s
    device = timed.workload.device.type
    measurements = []
    if "train" in timed.series:
        phases = time_phases(TrainingStep(timed.workload), timed.clock, budget_s)
        measurements += [_ms(f"{device}_train_{name}_time", values) for name, values in phases.items()]
    for kind, series in timed.series.items():
        measurements += energy(kind, series.step, timed.workload, timed.clock)
    if device != "cpu":
        measurements.append(_ms(f"{device}_copy_time", time_copy(timed.workload, timed.clock)))
    return measurements


def time_phases(step: TrainingStep, clock: Clock, budget_s: float) -> dict[str, list[float]]:
    """Milliseconds of forward, backward and optimizer, waiting for the device between them.

    Their sum is a little more than a whole step, where an accelerator overlaps the phases.
    """
    times: dict[str, list[float]] = {name: [] for name in PHASES}
    losses: list[Tensor] = []
    step.enter()
    step()  # the first makes the optimizer's state
    deadline = perf_counter() + budget_s
    with collector_paused():
        while len(times["forward"]) < MIN_SAMPLES or perf_counter() < deadline:
            times["forward"].append(clock.time_ms(lambda: losses.append(step.forward())))
            times["backward"].append(clock.time_ms(lambda: step.backward(losses.pop())))
            times["optimizer"].append(clock.time_ms(step.update))
    return times


def time_copy(workload: Workload, clock: Clock) -> list[float]:
    """Milliseconds to copy the batch from the host's (for CUDA: pinned) memory to the device."""
    images = workload.images.cpu()
    images = images.pin_memory() if workload.device.type == "cuda" else images
    copy = partial(images.to, workload.device, non_blocking=True)
    clock.time_ms(copy)  # the first takes memory from the device
    return [clock.time_ms(copy) for _ in range(MIN_SAMPLES)]


def _ms(name: str, values: list[float]) -> Measurement:
    return Measurement(name=name, unit="ms", values=tuple(values))


def energy(kind: str, step: TimedStep, workload: Workload, clock: Clock) -> list[Measurement]:
    """Joules an image over a stretch of steps, in a list that is empty where nothing counts them."""
    board = nvml.board(workload.device)
    joules = None if board is None else joules_per_step(board, step, clock)
    if joules is None:
        return []
    name = f"{workload.device.type}_{kind}_energy_per_image"
    return [Measurement(name=name, unit="J", values=(joules / workload.config.batch_size,))]


def joules_per_step(board: Board, step: TimedStep, clock: Clock, seconds: float = SECONDS) -> float | None:
    """Energy of the whole board, idle share included, over the steps of some seconds, divided by their number."""
    step.enter()
    clock.synchronize()
    before, num_steps, end = board.joules(), 0, perf_counter() + seconds
    while perf_counter() < end:
        clock.time_ms(step)
        num_steps += 1
    after = board.joules()
    return None if before is None or after is None or not num_steps else (after - before) / num_steps
