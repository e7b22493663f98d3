from __future__ import annotations

import pytest
import torch

from harness.machine import threads


@pytest.mark.fault(148)
@pytest.mark.parametrize(("cores", "asked", "expected"), [(1, "", 1), (64, "", 2), (1, "2", 2)])
def test_148_threads_are_no_more_than_cores_unless_a_person_asked_for_them(monkeypatch, cores, asked, expected):
    for name in threads.NAMES:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr(threads, "num_cpus", lambda: cores)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert threads.default_threads() == expected
