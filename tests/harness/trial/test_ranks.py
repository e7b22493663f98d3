"""Trials that several processes train, from the command line: what they find, and what ends them."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

from tests.faults.runs import run

PLUGIN = Path(__file__).with_name("rank_faults.py")
TWO = ("--nproc", "2", "--time-budget", "0")


def trained(output, names, *options, capsys=None):
    return run(output, names, *TWO, *options, plugin=PLUGIN, capsys=capsys)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A run of each model that comes to no good end by itself, beside a good one."""
    return trained(tmp_path_factory.mktemp("ended"), "second/raise,second/crash,second/memory,all/raise,good/fine")


def test_a_trial_that_loses_a_process_says_which_and_why(ended):
    assert ended.code == 1
    assert ended.failure("second/raise") == "failed at train: process 2 of 2: ValueError: no such image"
    assert ended.failure("second/crash") == "failed at train: process 2 of 2: crashed with SIGSEGV"
    assert "in _raise" in ended.log("second/raise")
    assert ended.records["good/fine"].status == "ok"


def test_what_all_processes_meet_is_said_once(ended):
    assert ended.failure("all/raise") == "failed at train: ValueError: no such image"


def test_out_of_memory_in_one_process_is_tried_again_in_smaller_parts(ended):
    found = ended.records["second/memory"]
    assert ended.failure("second/memory") == "oom at train: process 2 of 2: MemoryError: tried to allocate 7 GiB"
    assert found.facts["retried_after"] == "oom"


def test_a_process_that_hangs_ends_the_trial_at_its_limit(tmp_path):
    begun = monotonic()
    found = trained(tmp_path, "second/hang", "--trial-timeout", "3")
    assert found.failure("second/hang") == "timeout at train: no end after 3 s (--trial-timeout)"
    assert monotonic() - begun < 15
