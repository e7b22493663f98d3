"""Known times: a sleep lasts as long as it says, twice the work takes twice the time, no device is left running."""

from __future__ import annotations

from time import perf_counter, sleep
from typing import TYPE_CHECKING

from torch import Tensor, nn

from harness.cli.commands.selftest.parts import Finding, Parts
from harness.plan.config import TimingConfig
from harness.timing.entry import Entry
from harness.timing.measure import time_together

if TYPE_CHECKING:
    from collections.abc import Sequence

SLEEP_MS = 20.0
WIDTH, DEPTH = 512, 12
QUICK = TimingConfig(batch_size=32, budget_s=0.3, train=False)


class AsynchronousDevice:
    """Takes work at once and finishes it later, as an accelerator does; only `synchronize` waits."""

    def __init__(self) -> None:
        self._busy_until = 0.0

    def launch(self, milliseconds: float) -> None:
        self._busy_until = max(self._busy_until, perf_counter()) + milliseconds / 1e3

    def synchronize(self) -> None:
        sleep(max(self._busy_until - perf_counter(), 0.0))


def clock_waits_for_the_device(parts: Parts) -> Finding:
    """Work handed to an asynchronous device is timed until it is done, not until it is handed over."""
    device = AsynchronousDevice()
    clock = parts.host_clock(device.synchronize)
    took = min(clock.time_ms(lambda: device.launch(SLEEP_MS)) for _ in range(3))
    return Finding(ok=abs(took - SLEEP_MS) < 0.25 * SLEEP_MS, seen=f"{SLEEP_MS:.0f} ms of work took {took:.1f} ms")


def sleeping_adds_its_time(parts: Parts) -> Finding:
    """An operation that sleeps 20 ms makes a step 20 ms longer."""
    plain, slower = _fastest(parts, [_layers(1), nn.Sequential(_Sleep(), _layers(1))])
    added = slower - plain
    return Finding(ok=abs(added - SLEEP_MS) < 0.15 * SLEEP_MS, seen=f"{SLEEP_MS:.0f} ms of sleep added {added:.1f} ms")


def twice_the_layers_take_twice_the_time(parts: Parts) -> Finding:
    """Time grows with work."""
    once, twice = _fastest(parts, [_layers(DEPTH), _layers(2 * DEPTH)])
    return Finding(ok=1.6 < twice / once < 2.4, seen=f"{once:.3g} ms, then {twice:.3g} ms: {twice / once:.2f} times")


class _Sleep(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        sleep(SLEEP_MS / 1e3)
        return images


def _layers(depth: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), *(nn.Linear(WIDTH, WIDTH) for _ in range(depth)))


def _fastest(parts: Parts, models: Sequence[nn.Module]) -> list[float]:
    """The least milliseconds of each model, timed by turns: minima withstand a busy machine."""
    shape = (2, 16, WIDTH // 32)
    entries = [Entry(name=str(i), model=model, input_shape=shape, num_classes=2) for i, model in enumerate(models)]
    timings = time_together(entries, parts.device, QUICK, clock=parts.clock_for(parts.device))
    measurements = [timing.measured(f"{parts.device.type}_infer_step_time") for timing in timings]
    return [measured.min for measured in measurements if measured]
