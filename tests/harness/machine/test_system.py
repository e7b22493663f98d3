from __future__ import annotations

import os

import pytest

from harness.machine import system


def test_at_least_one_core_is_ours():
    assert 1 <= system.num_cpus() <= (os.cpu_count() or 1)


def test_what_the_kernel_tells_of_memory_fits_what_the_c_library_does():
    total = system.memory_kib("MemTotal")
    if total is None:
        pytest.skip("no /proc/meminfo here")
    assert system.memory_gib() == pytest.approx(total / 2**20, abs=0.1)
    assert 0 < system.free_memory() <= 1024 * total
    assert 0 < (system.own_kib("VmRSS") or 0) <= total


def test_without_proc_each_fact_is_unknown_and_none_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(system, "PROC", tmp_path / "absent")
    assert system.cpu_name()
    assert system.free_memory() > 0
    assert system.busy_seconds() == (None, None)
    assert system.own_kib("VmRSS") is None


def test_descendants_are_found_whatever_their_names_hold(monkeypatch, tmp_path):
    for pid, parent in ((5, 1), (7, 5), (9, 7), (11, 1)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (a) b)\nc) S {parent} {pid} {pid} 0\n")
    monkeypatch.setattr(system, "PROC", tmp_path)
    assert (system.descendants(5), system.descendants(9), sorted(system.descendants(1))) == ([7, 9], [], [5, 7, 9, 11])
