"""What ends a worker: its minutes, or the end of its standard input."""

from __future__ import annotations

import signal
import subprocess
import sys
from time import monotonic, sleep

import pytest

from harness.cluster.ending import TimeIsUp, time_limit

WAITING = """
import time
from harness.cluster.ending import end_with_stdin
end_with_stdin()
print("ready", flush=True)
time.sleep(30)
"""


def test_after_its_minutes_a_worker_is_interrupted_once_and_nothing_is_left_of_the_limit():
    began = monotonic()
    with pytest.raises(TimeIsUp), time_limit(0.05 / 60):
        sleep(20)
    assert monotonic() - began < 5
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_worker_that_ends_in_time_is_not_interrupted():
    with time_limit(0.1 / 60):
        pass
    sleep(0.15)
    with time_limit(None):
        pass


def test_a_process_ends_with_its_standard_input():
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", WAITING], stdin=pipe, stdout=pipe) as process:
        assert process.stdout.readline() == b"ready\n"
        process.stdin.close()
        assert process.wait(10) == -signal.SIGTERM
