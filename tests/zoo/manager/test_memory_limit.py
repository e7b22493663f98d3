"""A limit on memory is kept, and what is left below it is known."""

from __future__ import annotations

import subprocess
import sys

import pytest

from zoo.manager import memory_limit

pytestmark = pytest.mark.skipif(memory_limit.taken() is None, reason="memory is limited on Linux only")
BEYOND = "from zoo.manager.memory_limit import {0}; {0}(2**28); bytearray(2**29)"
WITHIN = """
from zoo.manager.memory_limit import limit_further, room_below_limit
print(room_below_limit())
limit_further(2**28)
some = bytearray(2**27)
print(room_below_limit() / 2**27)
"""


def ran(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("function", ["limit_data", "limit_further"])
def test_allocations_beyond_a_limit_fail(function):
    assert ran(BEYOND.format(function)).stderr.endswith("MemoryError\n")


def test_the_room_below_a_limit_is_what_is_not_taken_yet():
    without, within = ran(WITHIN).stdout.split()
    assert without == "inf"
    assert float(within) == pytest.approx(1, abs=0.01)


def test_where_nothing_is_counted_there_is_no_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(memory_limit, "STATUS", tmp_path / "absent")
    assert memory_limit.taken() is None
    assert memory_limit.room_below_limit() == float("inf")
