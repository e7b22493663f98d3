"""The cores that a worker keeps to; its work is tested in tests/faults/test_workers.py."""

from __future__ import annotations

import os

import pytest

from harness.cluster.worker import as_text, keep_to
from harness.plan.values import cores
from zoo.errors import ZooError


@pytest.mark.parametrize(
    ("text", "numbers"), [("0", (0,)), ("0-3,6", (0, 1, 2, 3, 6)), ("6,0-1,1", (0, 1, 6)), ("4-4", (4,))]
)
def test_cores_are_named_as_taskset_names_them(text, numbers):
    assert cores(text) == numbers
    assert cores(as_text(numbers)) == numbers


@pytest.mark.parametrize("text", ["", "a", "3-1", "-1", "1-", "0,,1", "1.5"])
def test_what_names_no_cores_is_refused(text):
    with pytest.raises(ValueError, match="names no cores"):
        cores(text)


def test_a_worker_keeps_to_its_cores_and_to_none_that_it_must_not_use(monkeypatch):
    kept = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, numbers: kept.append(tuple(numbers)))
    keep_to(())
    keep_to((0, 2))
    assert kept == [(0, 2)]
    with pytest.raises(ZooError, match="--cores 2-3, but this process may use 0-2"):
        keep_to((2, 3))


def test_where_a_system_pins_no_process_cores_are_refused(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity")
    with pytest.raises(ZooError, match="--cores is kept on Linux only"):
        keep_to((0,))
