"""Workers on one folder: each trial once, as in a serial run; nothing lost where one is killed, stopped or refused."""

from __future__ import annotations

import json
import os
import signal
from time import monotonic, sleep

import pytest

from harness.cluster.worker import as_text
from results.store.claims import Claims
from tests.faults.parents import Parent
from tests.faults.runs import OPTIONS, PLUGIN, is_alive, run
from tests.faults.worker_runs import NAMES, TRAINED, figures, plan, store_of, worker

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """The same run without workers."""
    return run(tmp_path_factory.mktemp("serial"), NAMES, *TRAINED)


@pytest.mark.parametrize("count", [pytest.param(2, marks=pytest.mark.once), pytest.param(4, marks=pytest.mark.slow)])
def test_workers_on_one_folder_do_each_trial_once_and_leave_what_the_serial_run_leaves(tmp_path, serial, count):
    waiting = plan(tmp_path)
    workers = [worker(tmp_path, str(number), "--heartbeat", "1") for number in range(count)]
    codes = [each.ended(100) for each in workers]
    assert (codes, waiting.ended(60)) == ([0] * count, 0), [each.said for each in (*workers, waiting)]
    store = store_of(tmp_path)
    assert figures(store) == figures(serial.store)
    said = "".join(each.said for each in workers)
    assert [said.count(f"✓ {model} seed {seed}") for model in NAMES.split(",") for seed in (1, 2)] == [1] * 4
    left = {path.name for path in store.path.iterdir()}
    assert not left & {"claims", "workers", "work", "progress", "lock"}
    assert {record.facts["timing_verdict"] for record in store.records()} <= {"steady", "noisy"}


@pytest.mark.once
def test_a_worker_that_is_killed_in_training_loses_nothing(tmp_path, serial, monkeypatch):
    waiting = plan(tmp_path)
    monkeypatch.setenv("HOSTILE_SLOW", "train:40:0.3")
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    first = worker(tmp_path, "one")
    waiting.wait_for("reached", 60)
    first.signal(signal.SIGKILL)
    first.ended()
    monkeypatch.delenv("HOSTILE_SLOW")
    assert worker(tmp_path, "two").ended(60) == 0
    assert waiting.ended(60) == 0, waiting.said
    assert figures(store_of(tmp_path)) == figures(serial.store)


def test_a_worker_that_is_asked_to_end_lets_its_trial_go_with_its_checkpoint(tmp_path, monkeypatch):
    waiting = plan(tmp_path)
    monkeypatch.setenv("HOSTILE_SLOW", "train:40:0.3")
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    first = worker(tmp_path, "one")
    waiting.wait_for("reached", 60)
    began = monotonic()
    first.signal(signal.SIGTERM)
    assert (first.ended(), monotonic() - began < 5) == (143, True)
    store = store_of(tmp_path)
    assert Claims(store.path).latest() == {}
    assert len(list((store.path / "progress").rglob("*.safetensors"))) == 1
    waiting.signal(signal.SIGINT)
    assert waiting.ended() == 130


@pytest.mark.slow
def test_jobs_are_started_each_on_its_cores_and_leave_what_the_serial_run_leaves(tmp_path, serial):
    (tmp_path / "jobs").mkdir()
    command = ["-p", str(PLUGIN), "run", "--plugins", NAMES, *OPTIONS, *TRAINED, "--jobs", "2"]
    jobs = Parent(tmp_path / "jobs", [*command, "--output", str(tmp_path / "runs")])
    assert jobs.ended(200) == 0, jobs.said
    store = store_of(tmp_path)
    assert figures(store) == figures(serial.store)
    cores = sorted(os.sched_getaffinity(0))
    halves = {as_text(cores[: len(cores) // 2]), as_text(cores[len(cores) // 2 :])}
    assert {record.machine["affinity"] for record in store.records()} <= halves
    assert len(list((store.path / "logs" / "workers").iterdir())) == 2


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_jobs_end_with_the_run_that_started_them(tmp_path, monkeypatch, number):
    monkeypatch.setenv("HOSTILE_SLOW", "train:10:0.5")
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    command = ["-p", str(PLUGIN), "run", "--plugins", "bad/slow", *OPTIONS, *TRAINED, "--jobs", "2"]
    jobs = Parent(tmp_path, [*command, "--output", str(tmp_path / "runs")])
    jobs.wait_for("reached", 100)
    claims = Claims(store_of(tmp_path).path)
    pids = [claim.holder.pid for claim in claims.live()]
    jobs.signal(number)
    jobs.ended(30)
    deadline = monotonic() + 10
    while any(map(is_alive, pids)) and monotonic() < deadline:
        sleep(0.1)
    assert [pid for pid in pids if is_alive(pid)] == []
    assert (len(pids) > 0, claims.latest()) == (True, {})


@pytest.mark.slow
def test_a_worker_stops_after_its_minutes_and_the_next_goes_on(tmp_path, serial, monkeypatch):
    waiting = plan(tmp_path)
    monkeypatch.setenv("HOSTILE_SLOW", "train:40:0.3")
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    first = worker(tmp_path, "one", "--max-minutes", "0.05")
    assert (first.ended(), "time is up after 0.05 min" in first.said) == (0, True), first.said
    monkeypatch.delenv("HOSTILE_SLOW")
    assert worker(tmp_path, "two").ended(60) == 0
    assert waiting.ended(60) == 0
    assert figures(store_of(tmp_path)) == figures(serial.store)


def test_a_worker_with_another_torch_is_refused_before_it_trains(tmp_path):
    waiting = plan(tmp_path)
    store = store_of(tmp_path)
    configuration = store.configuration
    configuration["machine"]["torch"] = "1.0"
    store.write("run.json", json.dumps(configuration).encode())
    refused = worker(tmp_path, "one")
    assert (refused.ended(60), "torch 1.0 -> " in refused.said) == (3, True), refused.said
    assert {path.name for path in (store.path / "workers").iterdir()} == {"data"}
    waiting.signal(signal.SIGINT)
    assert waiting.ended() == 130


@pytest.mark.slow
def test_a_run_that_workers_are_at_is_not_resumed_and_one_that_is_carried_out_takes_no_workers(tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_SLOW", "train:40:0.5")
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    waiting = plan(tmp_path)
    at_work = worker(tmp_path, "one")
    waiting.wait_for("reached", 60)
    waiting.signal(signal.SIGKILL)
    waiting.ended()
    path = str(store_of(tmp_path).path)
    resumed = Parent(tmp_path, ["resume", path])
    assert (resumed.ended(), "a worker is at work on" in resumed.said) == (4, True), resumed.said
    at_work.signal(signal.SIGTERM)
    at_work.ended()
    (tmp_path / "reached").unlink()
    serial = Parent(tmp_path, ["resume", path])
    serial.wait_for("reached", 60)
    refused = worker(tmp_path, "two")
    assert (refused.ended(), "is in use by process" in refused.said) == (4, True), refused.said
    assert not {"claims", "workers"} & {path.name for path in store_of(tmp_path).path.iterdir()}
    serial.signal(signal.SIGTERM)
    assert serial.ended() == 143
