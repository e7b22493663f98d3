from __future__ import annotations

from time import sleep

import pytest
import torch

from harness.timing.clock import HostClock, clock_for, synchronizer
from tests.harness.timing.standin import StandIn


def test_the_clock_waits_for_an_asynchronous_device():
    device = StandIn()
    took = min(HostClock(device.synchronize).time_ms(lambda: device.launch(0.02)) for _ in range(5))
    assert took == pytest.approx(20, abs=5)


def test_without_synchronisation_the_same_work_seems_free():
    device = StandIn()
    assert HostClock(lambda: None).time_ms(lambda: device.launch(0.2)) < 100


def test_work_left_over_from_before_is_not_counted():
    device = StandIn()
    device.launch(0.3)
    assert HostClock(device.synchronize).time_ms(lambda: device.launch(0.005)) < 150


def test_the_cpu_clock_times_a_sleep():
    clock = clock_for(torch.device("cpu"))
    assert min(clock.time_ms(lambda: sleep(0.02)) for _ in range(5)) == pytest.approx(20, abs=5)


def test_a_device_is_waited_for_through_the_general_api_where_torch_knows_it(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("xpu"))
    monkeypatch.setattr(torch.accelerator, "synchronize", waited.append)
    synchronizer(torch.device("xpu"))()
    assert waited == [torch.device("xpu")]


def test_cuda_events_are_recorded_around_the_step_and_waited_for(monkeypatch):
    calls = []

    class Event:
        def __init__(self, enable_timing):
            assert enable_timing

        def record(self, stream):
            calls.append("record")

        def elapsed_time(self, end):
            calls.append("read")
            return 7.0

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: calls.append("wait"))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: None)
    assert clock_for(torch.device("cuda")).time_ms(lambda: calls.append("step")) == 7.0
    assert calls == ["wait", "record", "step", "record", "wait", "read"]
