"""Trials that several processes train, from the command line: what they find, and what ends them."""

from __future__ import annotations

import signal
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from harness.cli.main import main
from results.ranking.comparability import NotComparable, check_comparable
from results.store.file_names import trial_slug
from results.store.run_store import RunStore
from tests.faults.parents import Parent
from tests.faults.runs import OPTIONS, run

PLUGIN = Path(__file__).with_name("rank_faults.py")
TWO = ("--nproc", "2", "--time-budget", "0")


def trained(output, names, *options, capsys=None):
    return run(output, names, *TWO, *options, plugin=PLUGIN, capsys=capsys)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A run of each model that comes to no good end by itself, beside a good one."""
    return trained(tmp_path_factory.mktemp("ended"), "second/raise,second/crash,second/memory,all/raise,good/fine")


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A run of the good model by one process."""
    return run(tmp_path_factory.mktemp("one"), "good/fine", "--time-budget", "0", plugin=PLUGIN)


@pytest.mark.once
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
    found = trained(tmp_path, "second/hang", "--trial-timeout", "6")
    assert found.failure("second/hang") == "timeout at train: no end after 6 s (--trial-timeout)"
    assert monotonic() - begun < 20


def arrays_of(found, model):
    with np.load(found.store.path / "predictions" / f"{trial_slug(model, 1, None)}.npz") as file:
        return dict(file)


def test_what_two_processes_find_is_what_one_finds_but_for_rounding(ended, one):
    first, both = one.records["good/fine"], ended.records["good/fine"]
    assert first.key == both.key
    assert [(record.facts.get("nproc"), record.facts["threads"]) for record in (first, both)] == [(None, 1), (2, 2)]
    answers = [arrays_of(found, "good/fine") for found in (one, ended)]
    assert all(np.array_equal(*(each[name] for each in answers)) for name in ("labels", "val_labels"))
    assert np.allclose(*(each["log_probs"] for each in answers), atol=1e-5)
    assert both.history[0]["train_loss"] == pytest.approx(first.history[0]["train_loss"], abs=1e-6)


def test_rows_of_one_process_and_of_several_are_not_ranked_together(ended, one):
    with pytest.raises(NotComparable, match=r"processes that train \(1, 2\)"):
        check_comparable([one.records["good/fine"], ended.records["good/fine"]])


@pytest.mark.once
def test_a_run_that_is_stopped_goes_on_with_other_numbers_of_processes(one, tmp_path, monkeypatch):
    reached = tmp_path / "reached"
    monkeypatch.setenv("REACHED", str(reached))
    output = ["--output", str(tmp_path / "runs")]
    begun = ["-p", str(PLUGIN), "run", "--plugins", "all/slow", *OPTIONS, *TWO, *output]
    for arguments in (begun, ["resume", *output, "--nproc", "1"]):
        reached.unlink(missing_ok=True)
        parent = Parent(tmp_path, arguments)
        parent.wait_for("reached")
        parent.signal(signal.SIGTERM)
        assert parent.ended() == 143, parent.said
    assert main(["resume", *output, "--nproc", "2"]) == 0
    (record,) = RunStore.find(None, tmp_path / "runs").records()
    assert (record.status, record.facts["nproc"]) == ("ok", "2, 1, 2")
    assert record.history[0]["train_loss"] == pytest.approx(one.records["good/fine"].history[0]["train_loss"], abs=1e-6)
