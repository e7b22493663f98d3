from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from harness.machine import devices
from harness.machine.device_names import REMEDY
from zoo.errors import ZooError


@pytest.fixture
def no_accelerators(monkeypatch):
    monkeypatch.setattr(devices, "count", lambda kind: 0)


def mistake(text: str) -> ZooError:
    with pytest.raises(ZooError) as caught:
        devices.resolve(text)
    return caught.value


def test_auto_is_the_cpu_where_nothing_else_is(no_accelerators):
    assert devices.resolve("auto") == torch.device("cpu")
    assert devices.resolve("cpu") == torch.device("cpu")


def test_auto_is_the_accelerator_where_there_is_one(monkeypatch):
    monkeypatch.setattr(devices, "count", lambda kind: 2 if kind == "cuda" else 0)
    assert devices.resolve("auto") == torch.device("cuda")
    assert devices.resolve("cuda:1") == torch.device("cuda:1")


def test_cuda_without_a_cuda_build_says_so_in_two_lines(no_accelerators, monkeypatch):
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: False)
    monkeypatch.setattr(torch, "__version__", "2.15.0+cpu")
    error = mistake("cuda")
    assert error.cause == "--device cuda, but this torch (2.15.0+cpu) was built without CUDA"
    assert error.remedy == "use --device auto, or install a CUDA build of torch"
    assert error.exit_code == 3


def test_cuda_without_a_usable_device_says_what_there_is(no_accelerators, monkeypatch):
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    error = mistake("cuda")
    assert error.cause == "--device cuda, but this machine has no usable CUDA device"
    assert (error.remedy, error.exit_code) == ("use one of: cpu, auto", 3)


def test_a_number_too_high_lists_the_devices(monkeypatch):
    monkeypatch.setattr(devices, "count", lambda kind: 2 if kind == "cuda" else 0)
    error = mistake("cuda:9")
    assert error.cause == "--device cuda:9, but there is no such device"
    assert (error.remedy, error.exit_code) == ("use one of: cpu, cuda:0, cuda:1, auto", 3)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("gpu", " Did you mean cuda?"),
        ("cdua", " Did you mean cuda?"),
        ("cpu:1", " Did you mean cpu?"),
        ("", ""),
        ("7", ""),
    ],
)
def test_what_is_no_device_is_a_usage_error(no_accelerators, text, hint):
    error = mistake(text)
    assert error.cause == f"--device {text}: no such kind of device.{hint}"
    assert (error.remedy, error.exit_code) == (REMEDY, 2)


def test_mps_that_is_absent_is_named(no_accelerators, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: False)
    assert "built without MPS" in mistake("mps").cause


def test_devices_that_torch_cannot_use_count_as_none(monkeypatch):
    monkeypatch.setattr(torch, "cuda", SimpleNamespace(is_available=lambda: False, device_count=lambda: 3))
    assert devices.count("cuda") == 0
    monkeypatch.setattr(torch, "cuda", SimpleNamespace(is_available=lambda: True, device_count=lambda: 3))
    assert devices.count("cuda") == 3
