from __future__ import annotations

import mmap
from types import SimpleNamespace

import pytest
import torch

from harness.timing import memory

CPU = torch.device("cpu")
on_linux = pytest.mark.skipif(not memory.CLEAR_REFS.exists(), reason="only Linux resets a process's peak")


def use_and_give_back(num_bytes):
    """Touch new pages: the heap of a long test session would hand out old ones."""
    with mmap.mmap(-1, num_bytes) as block:
        for start in range(0, num_bytes, mmap.PAGESIZE):
            block[start] = 1


@on_linux
def test_the_peak_counts_what_has_already_been_given_back():
    memory.reset(CPU)
    before = memory.peak(CPU).process_mib
    use_and_give_back(60 * memory.MIB)
    assert 55 <= memory.peak(CPU).process_mib - before <= 75


@on_linux
def test_reset_forgets_an_earlier_peak():
    memory.reset(CPU)
    use_and_give_back(60 * memory.MIB)
    high = memory.peak(CPU).process_mib
    memory.reset(CPU)
    assert memory.peak(CPU).process_mib < high - 50


def test_without_proc_the_peak_still_is_known(monkeypatch, tmp_path):
    expected = memory.peak_rss_mib()
    monkeypatch.setattr("harness.machine.system.PROC", tmp_path / "absent")
    monkeypatch.setattr(memory, "CLEAR_REFS", tmp_path / "none" / "absent")
    memory.reset(CPU)
    assert memory.peak_rss_mib() >= 0.5 * expected


def test_an_accelerator_has_allocated_and_reserved_peaks(monkeypatch):
    resets = []
    fake = SimpleNamespace(
        reset_peak_memory_stats=resets.append,
        max_memory_allocated=lambda device: 3 * memory.MIB,
        max_memory_reserved=lambda device: 5 * memory.MIB,
        memory_allocated=lambda device: 2 * memory.MIB,
    )
    monkeypatch.setattr(torch, "cuda", fake)
    device = torch.device("cuda")
    memory.reset(device)
    assert resets == [device]
    peak = memory.peak(device)
    assert (peak.allocated_mib, peak.reserved_mib, memory.in_use_mib(device)) == (3.0, 5.0, 2.0)
