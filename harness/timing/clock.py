"""Clocks that wait for the device at both edges of what they time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter_ns
from typing import Any, Protocol

import torch

Step = Callable[[], object]


class Clock(Protocol):
    """Times one step at a time. `synchronize` returns when the device has nothing left to do."""

    def synchronize(self) -> None: ...

    def time_ms(self, step: Step) -> float:
        """Milliseconds that the device needs for one step, from idle to idle."""
        ...


class HostClock:
    """The host's monotonic clock, for the CPU and for devices without timing events of their own."""

    def __init__(self, synchronize: Callable[[], object]) -> None:
        self._synchronize = synchronize

    def synchronize(self) -> None:
        self._synchronize()

    def time_ms(self, step: Step) -> float:
        self._synchronize()
        start = perf_counter_ns()
        step()
        # Without this wait an asynchronous device is timed at handing over the work, not at doing it.
        self._synchronize()
        return (perf_counter_ns() - start) / 1e6


class CudaClock:
    """CUDA's events: taken by the device itself, so the host's waking up after the wait is not counted."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        new_event: Callable[..., Any] = torch.cuda.Event
        self._start = new_event(enable_timing=True)
        self._end = new_event(enable_timing=True)

    def synchronize(self) -> None:
        torch.cuda.synchronize(self._device)

    def time_ms(self, step: Step) -> float:
        torch.cuda.synchronize(self._device)
        stream = torch.cuda.current_stream(self._device)
        self._start.record(stream)
        step()
        self._end.record(stream)
        torch.cuda.synchronize(self._device)
        return float(self._start.elapsed_time(self._end))


def clock_for(device: torch.device) -> Clock:
    """The best clock that a device has."""
    return CudaClock(device) if device.type == "cuda" else HostClock(synchronizer(device))


def synchronizer(device: torch.device) -> Callable[[], object]:
    """A function that waits until `device` is idle."""
    if device.type == "cpu":
        return lambda: None  # the CPU has finished when the call returns
    current = torch.accelerator.current_accelerator()
    if current is not None and current.type == device.type:
        return partial(torch.accelerator.synchronize, device)
    wait: Callable[[], object] = getattr(torch, device.type).synchronize
    return wait
