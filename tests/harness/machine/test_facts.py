from __future__ import annotations

import getpass
import os
import platform
import socket

import torch

from harness.machine import facts as machine


def test_the_facts_are_exactly_those_of_the_allow_list():
    facts = machine.machine_facts(torch.device("cpu"))
    assert list(facts) == [
        *("cpu", "cores", "cpu_capability", "memory_gib", "os", "machine", "python"),
        *("torch", "torchvision", "timm", "accelerators"),
    ]
    assert facts["torch"] == torch.__version__
    assert facts["cores"] >= 1


def test_neither_the_host_nor_the_user_is_ever_asked_for(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("asked for the host or the user")

    for module, name in ((platform, "node"), (socket, "gethostname"), (getpass, "getuser"), (os, "getlogin")):
        monkeypatch.setattr(module, name, refuse)
    machine._unchanging.cache_clear()
    assert machine.machine_facts()["cores"] >= 1


def test_an_accelerator_is_described(monkeypatch):
    properties = type("P", (), {"total_memory": 139 * 2**30, "major": 9, "minor": 0})
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H200")
    (facts,) = machine.machine_facts(torch.device("cpu"), torch.device("cuda"))["accelerators"]
    assert facts["name"] == "NVIDIA H200"
    assert (facts["memory_gib"], facts["capability"]) == (139.0, "9.0")


def test_a_package_that_is_not_installed_has_no_version():
    assert machine.installed("no-such-package-anywhere") is None
    assert machine.installed("torch") is not None
