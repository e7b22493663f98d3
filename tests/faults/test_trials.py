"""Faults of a trial's process (14-24): the others' records are those of a run without it."""

from __future__ import annotations

import os
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from time import monotonic, sleep

import pytest
import torch

from harness.isolation import pipes
from harness.isolation.pipes import Lines, Log, open_pipe
from tests.faults.runs import Run, comparable, is_alive, run, unharmed

# What needs no option of its own, and has to leave the others alone.
TOGETHER = (
    "segfault abort overflow leave leave-with-3 leave-politely kill-itself shout shout-and-leave close-streams "
    "set-threads more-threads patch-the-metric answer-nonsense answer-seven tell-no-epoch claim-a-full-disk "
    "measure-words count-words claim-anothers-name"
)


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Run:
    """A run of the good model alone; it also warms the fork server up."""
    found = run(tmp_path_factory.mktemp("clean"), "good/tiny")
    assert found.code == 0
    return found


@pytest.fixture
def beside(tmp_path, clean, capsys):
    """Runs one harmful model before the good one, which must come out unharmed."""

    def run_beside(name: str, *options: str) -> Run:
        capsys.readouterr()
        found = run(tmp_path / "runs", f"{name},good/tiny", *options, capsys=capsys)
        unharmed(found, clean)
        return found

    return run_beside


@pytest.fixture(scope="module")
def together(tmp_path_factory, clean) -> Run:
    """A run of many harmful models and the good one, which must come out unharmed; a log holds 1 MiB."""
    names = ",".join(f"bad/{name}" for name in TOGETHER.split())
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        patch.setattr(pipes, "MAX_LOG", 2**20)
        found = run(tmp_path_factory.mktemp("together"), f"{names},good/tiny")
    found = replace(found, out=out.getvalue(), err=err.getvalue())
    unharmed(found, clean)
    assert found.code == 1
    return found


@pytest.mark.fault(14)
@pytest.mark.parametrize(
    "name", [pytest.param("bad/hang", marks=pytest.mark.once), "bad/hang-and-ignore", "bad/hang-in-c"]
)
def test_14_a_trial_that_hangs_is_ended_when_its_time_is_up(beside, name):
    start = monotonic()
    found = beside(name, "--trial-timeout", "5")  # which the good one must not take, on a busy machine either
    assert monotonic() - start < 20
    assert (found.code, found.failure(name)) == (1, "timeout at build: no end after 5 s (--trial-timeout)")


@pytest.mark.fault(15)
@pytest.mark.parametrize(
    ("name", "signal"), [("bad/segfault", "SIGSEGV"), ("bad/abort", "SIGABRT"), ("bad/overflow", "SIGSEGV")]
)
def test_15_a_crash_names_its_signal_and_leaves_its_stack(together, name, signal):
    assert together.failure(name) == f"failed at build: crashed with {signal}"
    # The stack of a thread that overflowed has no room left to write itself down.
    assert ("hostile.py" in together.log(name)) == (name != "bad/overflow")


@pytest.mark.fault(16)
@pytest.mark.parametrize(("name", "code"), [("bad/leave", 0), ("bad/leave-with-3", 3), ("bad/leave-politely", 0)])
def test_16_a_process_that_ends_without_a_result_has_failed(together, name, code):
    assert together.failure(name) == f"failed at build: its process ended (exit {code}) without a result"


@pytest.mark.fault(17)
def test_17_out_of_memory_is_tried_once_more_in_parts_of_half_the_size(beside, tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_CALLS", str(tmp_path / "calls"))
    found = beside("bad/out-of-memory-once")
    record = found.records["bad/out-of-memory-once"]
    # Built twice to be trained, and once more for each of three rounds of timing.
    assert (found.code, record.status, (tmp_path / "calls").read_text()) == (0, "ok", "xx" + "xxx")
    assert (record.facts["batch_size"], record.facts["micro_batch_size"]) == (32, 16)
    assert record.facts["retried_after"] == "oom"
    assert "note: bad/out-of-memory-once: out of memory with 32 images at a time, trained with 16" in found.out
    assert "out of memory with 32 images at a time, tried once more with 16" in found.err
    assert record.key in {trial["key"] for trial in found.store.configuration["trials"]}


@pytest.mark.fault(17)
@pytest.mark.parametrize(("batch_size", "num_tries"), [("32", 2), ("1", 1)])
def test_17_out_of_memory_twice_or_with_single_images_is_a_row(batch_size, num_tries, monkeypatch, tmp_path):
    monkeypatch.setenv("HOSTILE_CALLS", str(tmp_path / "calls"))
    found = run(tmp_path / "runs", "bad/out-of-memory-always", "--batch-size", batch_size)
    assert found.code == 1
    assert found.failure("bad/out-of-memory-always") == "oom at build: MemoryError: tried to allocate 7 GiB"
    assert (tmp_path / "calls").read_text() == num_tries * "x"


@pytest.mark.fault(18)
def test_18_a_trial_that_takes_more_than_the_memory_limit_is_out_of_memory(beside):
    found = beside("bad/eat-memory", "--memory-limit", "200")
    assert (found.code, found.records["bad/eat-memory"].status) == (1, "oom")
    assert "MemoryError" in found.failure("bad/eat-memory")
    held = [int(size) for size in re.findall(r"holds (\d+) MiB", found.log("bad/eat-memory"))]
    assert 100 < max(held) <= 200


@pytest.mark.fault(19)
def test_19_a_trial_that_was_killed_from_outside_says_what_probably_did_it(together):
    assert "killed by SIGKILL, probably by the kernel for want of memory" in together.failure("bad/kill-itself")


@pytest.mark.fault(20)
def test_20_what_a_trial_prints_is_not_seen(together):
    assert together.records["bad/shout"].status == "ok"
    assert "bad/shout" in together.out
    assert "xxxx" not in together.out + together.err


@pytest.mark.fault(20)
def test_20_what_a_failed_trial_printed_is_in_its_log_up_to_a_bound(together):
    log = together.log("bad/shout-and-leave")
    assert "xxxx" in log
    assert "more bytes were dropped" in log
    assert "\x1b" not in log
    assert len(log) < 2**21


@pytest.mark.fault(20)
def test_20_a_log_is_capped_and_has_no_control_characters(tmp_path):
    ends = open_pipe()
    log = Log(ends.reader)
    for _ in range(200):
        os.write(ends.writer.fileno(), b"\x1b[31m\xff" + b"x" * 60_000)
        log.read()
    assert len(log.kept) == pipes.MAX_LOG
    assert "more bytes were dropped" in log.text()
    assert "\x1b" not in log.text()
    log.close()


@pytest.mark.fault(20)
def test_20_a_trial_may_close_its_streams(together):
    assert together.records["bad/close-streams"].status == "ok"


@pytest.mark.once
@pytest.mark.fault(21)
def test_21_processes_that_a_trial_left_behind_are_ended_with_it(beside, tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_PIDS", str(tmp_path / "pids"))
    found = beside("bad/fork")
    pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert (found.code, len(pids)) == (0, 1 + 3)  # the trial's process, and three that time
    deadline = monotonic() + 2
    while any(map(is_alive, pids)) and monotonic() < deadline:
        sleep(0.05)
    assert not any(map(is_alive, pids))


@pytest.mark.fault(22)
def test_22_what_a_plugin_changes_globally_reaches_no_other_trial(tmp_path, clean, beside):
    first = beside("bad/change-everything")
    second = run(tmp_path / "other", "good/tiny,bad/change-everything")
    for model in first.records:
        assert comparable(first.records[model]) == comparable(second.records[model])
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.fault(22)
def test_22_a_model_that_sets_the_threads_is_measured_with_those_of_all_others(together):
    assert together.records["bad/set-threads"].status == "ok"
    assert {record.facts["threads"] for record in together.records.values() if record.status == "ok"} == {1}


@pytest.mark.fault(22)
def test_22_a_model_that_keeps_setting_the_threads_compares_with_no_other(together):
    told = "failed at deliver: its result cannot be used: it was measured with threads 3 instead of 1"
    assert together.failure("bad/more-threads") == told


@pytest.mark.fault(23)
def test_23_a_patched_metric_is_found_out(together):
    assert "claims a top-1 error of 0 %, but its predictions make it" in together.failure("bad/patch-the-metric")


@pytest.mark.fault(24)
def test_24_a_message_that_is_no_result_is_a_failure(together):
    assert "failed at build: its message is no JSON" in together.failure("bad/answer-nonsense")


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bad/answer-seven", "failed at build: its result cannot be used: it is no result of a trial"),
        ("bad/tell-no-epoch", "failed at build: its message about an epoch has no figures"),
        ("bad/claim-a-full-disk", "failed at build: it could not write: disk full"),
        ("bad/measure-words", "failed at deliver: its result cannot be used: its measurement 'total_seconds'"),
        ("bad/count-words", "failed at deliver: its result cannot be used: its fact param_count is 'many'"),
    ],
)
def test_24_an_object_that_is_none_of_a_trials_is_a_failure(together, name, told):
    assert together.failure(name).startswith(told)


@pytest.mark.fault(24)
def test_24_a_result_is_kept_as_that_of_the_trial_that_was_ordered(together):
    record = together.records["bad/claim-anothers-name"]
    assert (len(together.records), record.status, record.seed) == (len(TOGETHER.split()) + 1, "ok", 1)
    assert record.machine == together.records["good/tiny"].machine


@pytest.mark.fault(25)
def test_25_a_model_whose_seed_does_not_decide_its_result_is_marked_in_the_table(tmp_path, capsys):
    found = run(tmp_path / "runs", "bad/random,good/tiny", "--check-determinism", capsys=capsys)
    assert {name: record.facts["deterministic"] for name, record in found.records.items()} == {
        "bad/random": False,
        "good/tiny": True,
    }
    assert "Not deterministic" in found.out
    assert "bad/random" in found.out.partition("Not deterministic")[2]


def feed(text: bytes) -> None:
    """Send `text` through a pipe, a piece at a time, to what reads a child's messages."""
    ends = open_pipe()
    lines = Lines(ends.reader)
    try:
        for start in range(0, len(text), 4096):
            os.write(ends.writer.fileno(), text[start : start + 4096])
            list(lines.read())
    finally:
        lines.close()


@pytest.mark.fault(24)
@pytest.mark.parametrize("text", [b"[1]\n", b"nothing\n", b"{\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n"])
def test_24_lines_that_are_no_object_are_refused(text):
    with pytest.raises(ValueError, match="its message is no JSON"):
        feed(text)


@pytest.mark.fault(24)
def test_24_a_message_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(pipes, "MAX_MESSAGE", 2**17)
    with pytest.raises(ValueError, match="longer than"):
        feed(b"x" * 2**18)
