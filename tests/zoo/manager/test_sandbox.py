"""Processes that are ended whole, take no more memory than they may, and try out one thing after the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from zoo.manager.sandbox import kill_group, probe

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


def answering(step):
    return str(os.getpid())


def crashing(step):
    step("second step")
    os.kill(os.getpid(), signal.SIGKILL)


def forking(step):
    os.fork()
    return str(os.getpid())


def tried(*attempts, seconds=5.0, is_spoilt=bool):
    """The answers, and of those that gave none how they ended, step first."""
    results = probe(attempts, seconds, is_spoilt)
    return [one if isinstance(one, str) else f"{one.step}: {one.how}" for one in results]


def test_one_fork_tries_all_that_leave_it_as_it_was():
    answers = tried(answering, answering, answering)
    assert len(set(answers)) == 1
    assert answers[0] != str(os.getpid())


def test_one_that_ends_its_process_is_named_and_those_behind_it_are_tried_in_another():
    first, second, third = tried(answering, crashing, answering)
    assert second == "second step: crashed with SIGKILL"
    assert first != third
    assert first.isdigit()
    assert third.isdigit()


def test_one_that_hangs_costs_its_own_time_only():
    start = time.monotonic()
    hung = [lambda step: time.sleep(60)] * 2
    assert tried(hung[0], answering, hung[1], seconds=0.4)[::2] == ["import: no answer after 0.4 s"] * 2
    assert time.monotonic() - start < 20


def test_a_process_that_is_slow_to_end_after_the_last_answer_keeps_every_answer():
    assert tried(lambda step: "fine", seconds=0.2, is_spoilt=lambda: bool(time.sleep(5))) == ["fine"]


def test_an_answer_that_comes_after_the_limit_is_no_answer():
    def late(step):
        step("second step")
        time.sleep(0.4)
        return "late"

    assert tried(late, answering, seconds=0.2)[:1] == ["second step: no answer after 0.2 s"]
    assert len(tried(late, seconds=0.2)) == 1


def test_what_crashes_only_behind_another_is_not_to_blame():
    left = []

    def leaving(step):
        left.append("a mine")
        return "fine"

    def stepping(step):
        return "fine" if not left else crashing(step)

    assert tried(leaving, stepping, answering)[:2] == ["fine", "fine"]


def test_behind_one_that_spoils_the_process_another_is_begun():
    answers = tried(answering, answering, is_spoilt=lambda: True)
    assert len(set(answers)) == 2


def test_of_a_process_that_forks_itself_only_the_first_goes_on():
    answers = tried(forking, answering, answering)
    assert len(answers) == 3
    assert len(set(answers)) == 1


def test_where_a_process_was_as_it_crashed_is_known():
    (result,) = probe([lambda step: os.abort()], 5.0, bool)
    assert f'File "{__file__}", line' in result.stack
