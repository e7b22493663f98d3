from __future__ import annotations

import ctypes
from types import SimpleNamespace

import pytest
import torch

from harness.timing import breakdown
from harness.timing.watch import nvml
from tests.harness.timing.standin import FakeClock

CUDA = torch.device("cuda")


class Library:
    """NVML as its header has it: results through pointers, 0 for success."""

    def __init__(self, code: int = 0, reasons: int = 0) -> None:
        self.code, self.reasons, self.millijoules, self.uuid = code, reasons, 0, b""

    def nvmlInit_v2(self):
        return 0

    def nvmlDeviceGetHandleByUUID(self, uuid, handle):
        self.uuid = uuid
        return self.code

    def nvmlDeviceGetTotalEnergyConsumption(self, handle, value):
        self.millijoules += 6000
        value._obj.value = self.millijoules
        return self.code

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle, value):
        value._obj.value = self.reasons
        return self.code


@pytest.fixture
def library(monkeypatch):
    fake = Library()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: fake)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="1234"))
    return fake


def test_a_board_is_found_by_its_uuid(library):
    assert nvml.board(CUDA).joules() == 6.0
    assert library.uuid == b"GPU-1234"


def test_what_has_no_counter_gives_nothing(library, monkeypatch):
    assert nvml.board(torch.device("cpu")) is None
    library.code = 3
    assert nvml.board(CUDA) is None
    assert nvml.Board(library=library, handle=None).joules() is None
    monkeypatch.setattr(ctypes, "CDLL", lambda name: (_ for _ in ()).throw(OSError("no such file")))
    assert nvml.board(CUDA) is None


def test_energy_is_shared_out_over_steps_and_images(library):
    clock, steps = FakeClock(1.0), []
    step = type("Step", (), {"enter": lambda self: None, "__call__": lambda self: steps.append(1)})()
    joules = breakdown.joules_per_step(nvml.board(CUDA), step, clock, seconds=0.002)
    assert joules == pytest.approx(6.0 / len(steps))


def test_on_the_cpu_there_is_no_energy_and_no_time_is_spent_on_it():
    workload = SimpleNamespace(device=torch.device("cpu"))
    assert breakdown.energy("infer", None, workload, None) == []


@pytest.mark.parametrize(
    ("reasons", "words"), [(0x1, []), (0x4, []), (0x88, ["hardware slow-down", "power brake"]), (0x60, ["heat"])]
)
def test_slow_downs_are_named(library, reasons, words):
    library.reasons = reasons
    assert nvml.board(CUDA).slowdowns() == words
