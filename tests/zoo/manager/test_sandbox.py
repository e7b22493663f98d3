"""Processes that are ended whole, and that take no more memory than they may."""

from __future__ import annotations

import subprocess
import sys

import pytest

from zoo.manager.sandbox import kill_group

ALONE = "import time; print('here', flush=True); time.sleep(60)"
WITH_A_CHILD = "import os, time; os.fork() and print('here', flush=True); time.sleep(60)"


def sleeping(code: str, **options: bool) -> subprocess.Popen[str]:
    """A process that has said that it is there."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, **options)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    return process


def test_a_process_is_killed_with_all_that_it_started():
    with sleeping(WITH_A_CHILD, start_new_session=True) as process:
        kill_group(process.pid, is_reaped=False)
        assert process.stdout.read() == ""  # the end of the file: no process holds the other side any more
    assert process.returncode == -9


def test_a_process_that_leads_no_group_yet_is_killed_all_the_same_unless_its_number_may_be_anothers():
    with sleeping(ALONE) as process:
        kill_group(process.pid, is_reaped=True)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)
        kill_group(process.pid, is_reaped=False)
    assert process.returncode == -9


def test_a_memory_limit_makes_allocations_fail():
    code = "from zoo.manager.sandbox import limit_data; limit_data(2**28); bytearray(2**29)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stderr.endswith("MemoryError\n")
