"""Where a training step's time goes, and what it costs to bring a batch to the device: each timed on its own."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from harness.timing.energy import energy
from harness.timing.engine import collector_paused
from harness.timing.steps import TrainingStep
from results.records import Measurement

if TYPE_CHECKING:
    from torch import Tensor

    from harness.timing.bench import Bench
    from harness.timing.clock import Clock
    from harness.timing.steps import Workload

PHASES = ("forward", "backward", "optimizer")
MIN_SAMPLES = 5


def details(bench: Bench) -> list[Measurement]:
    """The phases of the training step, where one was timed, energy where it is counted, the copy to an accelerator."""
    if bench.workload is None:
        return []
    budget_s = bench.workload.config.budget_s
    device = bench.workload.device.type
    found = []
    if "train" in bench.series:
        phases = time_phases(TrainingStep(bench.workload), bench.clock, budget_s)
        found += [_ms(f"{device}_train_{name}_time", values) for name, values in phases.items()]
    for kind, series in bench.series.items():
        found += energy(kind, series.step, bench.workload, bench.clock)
    if device != "cpu":
        found.append(_ms(f"{device}_copy_time", time_copy(bench.workload, bench.clock)))
    return found


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
