"""Energy of one image, where the accelerator has a counter of joules; nothing elsewhere, never an estimate."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from harness.timing import nvml
from results.records import Measurement

if TYPE_CHECKING:
    from harness.timing.clock import Clock
    from harness.timing.nvml import Board
    from harness.timing.series import TimedStep
    from harness.timing.steps import Workload

# The counter moves some ten times a second: over three seconds its steps matter little.
SECONDS = 3.0


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
