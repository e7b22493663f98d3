from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from harness.timing.watch import conditions


def test_sleeping_shows_as_time_off_the_core():
    before = conditions.take()
    sleep(0.05)
    assert conditions.between(before, conditions.take()).thread_share < 0.5


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux counts the time of all processes")
def test_a_busy_neighbour_is_seen_as_foreign_cores():
    before = conditions.take()
    subprocess.run([sys.executable, "-c", "import time\nend=time.time()+.3\nwhile time.time()<end: pass"], check=True)
    assert conditions.between(before, conditions.take()).foreign_cores > 0.3
