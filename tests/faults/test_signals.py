"""Signals to the harness itself (58, 59, 62): everything saved, the right exit code, and no child left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from time import monotonic, sleep

import pytest

from harness.isolation.supervisor import start_server
from harness.timing.clock import HostClock
from harness.timing.sampling import Effort, collect
from results.store.run_store import RunStore
from tests.faults.parents import Parent
from tests.faults.runs import OPTIONS, PLUGIN, comparable, is_alive, run

pytestmark = pytest.mark.usefixtures("server")

MOMENTS = {
    "import": "zoo.discovery:discover",
    "scan": "harness.runs.preparation:load",
    "save": "results.store.run_store:RunStore.save",
    "report": "harness.runs.session:render",
}

SERVER_STATUS = """
from multiprocessing import forkserver
from harness.isolation import supervisor as isolate
isolate.PRELOAD = ()
isolate.start_server()
print(open(f"/proc/{forkserver._forkserver._forkserver_pid}/status").read())
"""


def started(tmp_path: Path, names: str, moment: str = "", *options: str) -> Parent:
    arguments = ["-p", str(PLUGIN), "run", "--plugins", names, *OPTIONS, "--output", str(tmp_path / "runs"), *options]
    return Parent(tmp_path, arguments, MOMENTS.get(moment, ""))


def signalled(parent: Parent, number: int) -> tuple[int | None, float]:
    start = monotonic()
    parent.signal(number)
    return parent.ended(), monotonic() - start


@pytest.mark.fault(58)
@pytest.mark.parametrize("moment", MOMENTS)
def test_58_ctrl_c_ends_within_5_s_with_130(tmp_path, moment):
    parent = started(tmp_path, "good/tiny", moment)
    parent.wait_for("paused")
    code, seconds = signalled(parent, signal.SIGINT)
    assert (code, seconds < 5) == (130, True)
    assert "Traceback" not in parent.said


@pytest.mark.fault(58)
def test_58_a_terminals_signals_are_blocked_in_the_fork_server():
    """A terminal sends them to all of its processes; the server would die of them in the midst of its imports."""
    done = subprocess.run([sys.executable, "-c", SERVER_STATUS], capture_output=True, text=True, check=True)
    blocked = int(done.stdout.partition("SigBlk:")[2].split()[0], 16)
    assert blocked >> (signal.SIGINT - 1) & 1
    assert blocked >> (signal.SIGHUP - 1) & 1


@pytest.mark.once
@pytest.mark.fault(58)
@pytest.mark.parametrize("phase", ["train:40:0.3", pytest.param("eval:4:0.3", marks=pytest.mark.once)])
def test_58_a_run_stopped_in_a_trial_is_resumed_to_the_records_of_an_undisturbed_one(tmp_path, monkeypatch, phase):
    monkeypatch.setenv("HOSTILE_SLOW", phase)
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    parent = started(tmp_path, "good/tiny,bad/slow", "", "--epochs", "3")
    parent.wait_for("reached")
    code, seconds = signalled(parent, signal.SIGINT)
    assert (code, seconds < 5) == (130, True)
    assert "go on with: python -m harness resume" in parent.said
    monkeypatch.delenv("HOSTILE_SLOW")
    (folder,) = (tmp_path / "runs").glob("[!_]*")
    resumed = Parent(tmp_path, ["resume", str(folder), "--quiet"])
    assert resumed.ended() == 0, resumed.said
    clean = run(tmp_path / "clean", "good/tiny,bad/slow", "--epochs", "3")
    found = {record.model: record for record in RunStore.open(folder).records()}
    for model in clean.records:
        assert comparable(found[model]) == comparable(clean.records[model])


@pytest.mark.fault(58)
def test_58_a_second_ctrl_c_ends_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    parent = started(tmp_path, "bad/hang-and-ignore")
    parent.wait_for("reached")
    parent.signal(signal.SIGINT)
    sleep(0.5)
    code, seconds = signalled(parent, signal.SIGINT)
    assert (code, seconds < 1.5) == (130, True)


@pytest.mark.fault(59)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_59_other_signals_end_a_run_as_ctrl_c_does(tmp_path, monkeypatch, number, code):
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    parent = started(tmp_path, "bad/hang")
    parent.wait_for("reached")
    found, seconds = signalled(parent, number)
    assert (found, seconds < 5) == (code, True)
    assert "go on with: python -m harness resume" in parent.said


def time_steps(conn) -> None:
    """Time sleeps of 2 ms for 0.6 s, and send the times that were kept."""
    samples: list[float] = []
    conn.send("ready")
    collect(HostClock(lambda: None), partial(sleep, 0.002), Effort(budget_s=0.6, tolerance=0), samples)
    conn.send(samples)


@pytest.mark.fault(59)
def test_59_a_step_in_which_the_process_was_stopped_is_no_sample():
    start_server()
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    child = context.Process(target=time_steps, args=(theirs,))
    child.start()
    assert ours.recv() == "ready"
    sleep(0.1)
    os.kill(child.pid, signal.SIGSTOP)
    sleep(0.3)
    os.kill(child.pid, signal.SIGCONT)
    samples = ours.recv()
    child.join()
    assert len(samples) > 20
    assert max(samples) < 250


@pytest.mark.fault(62)
@pytest.mark.parametrize("name", ["bad/hang", "bad/hang-and-ignore", "bad/hang-in-c"])
def test_62_no_child_lives_2_s_longer_than_its_killed_parent(tmp_path, monkeypatch, name):
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    parent = started(tmp_path, name)
    parent.wait_for("reached")
    child = int((tmp_path / "reached").read_text())
    assert is_alive(child)
    parent.signal(signal.SIGKILL)
    sleep(2)
    assert not is_alive(child)
