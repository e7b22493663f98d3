"""The engine against Ray itself: `tox run -e ray`, since it takes minutes and Ray is not installed everywhere."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from harness.machine.system import descendants, load, num_cpus
from results.store.run_store import RunStore
from tests.faults.runs import OPTIONS, PLUGIN, Run, is_alive, run
from tests.harness.cluster.ray_engine.test_engine import alike
from tests.harness.pictures import folder
from tests.source import ROOT

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

MODELS = "good/tiny,bad/slow"
EPOCHS = ("--epochs", "3", "--checkpoint-every", "1")
PARTS = ["train/cat", "train/dog", "test/cat", "test/dog"]
OWN = tuple(word for word in OPTIONS if word not in ("--dataset", "digits"))  # for images of one's own
SLOW = "train:40:0.3"  # from the second epoch on each step takes so long
BUSY = max(1.0, (load() or 0.0) / num_cpus())  # how many processes share a core: all that follows takes so long
END_S = 5.0 * BUSY
LONG_S = 60.0 * BUSY


class Cluster:
    """Two nodes that see nothing of `hidden`, where runs are begun and their data lie."""

    def __init__(self, path: Path) -> None:
        self.path, self.hidden, self.reached = path, path / "hidden", path / "reached"
        self.hidden.mkdir()
        command = [sys.executable, "-m", "tests.harness.cluster.ray_engine.two_nodes", str(path), str(self.hidden)]
        variables = {"PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0", "HOSTILE_SLOW": SLOW}
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **variables, "HOSTILE_REACHED": str(self.reached)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(path / "said").open("w"),
            text=True,
        )
        lines = iter(self.process.stdout.readline, "")
        self.address = next((line.strip() for line in lines if re.fullmatch(r"[\d.]+:\d+\n", line)), None)

    def kill_node_of(self, pid: int) -> None:
        """End the node on which the process `pid` works."""
        (number,) = re.findall(rb"\0HOME=[^\0]*/node(\d)", Path(f"/proc/{pid}/environ").read_bytes())
        print(number.decode(), file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "killed\n"

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(60)


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    return run(tmp_path_factory.mktemp("serial"), MODELS, *EPOCHS)


@pytest.fixture
def cluster():
    # Not pytest's own folder: Ray's sockets have long names, and its path leaves them no room.
    path = Path("/tmp") / f"two-nodes-{os.getpid()}"
    path.mkdir()
    cluster = Cluster(path)
    try:
        if cluster.address is None:
            pytest.skip(f"no cluster could be started: {(path / 'said').read_text()[-300:]}")
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(path, ignore_errors=True)


def begun(place: Path, *options: str) -> subprocess.Popen:
    """A run on Ray, as a person starts it in a terminal: in a process group of its own."""
    command = [sys.executable, "-m", "harness", "-p", str(PLUGIN), "run", *options, *EPOCHS, "--engine", "ray"]
    return subprocess.Popen(
        [*command, "--output", "runs"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=(place / "said").open("w"),
        start_new_session=True,
    )


def ended(process: subprocess.Popen, place: Path) -> Run:
    code = process.wait(LONG_S)
    (store,) = (place / "runs").glob("[!_]*")
    return Run(code, RunStore.open(store), "", (place / "said").read_text())


def awaited(path: Path, process: subprocess.Popen) -> int:
    """The process that says in the file at `path` that it has come to its slow steps."""
    deadline = monotonic() + LONG_S
    while not path.exists():
        assert process.poll() is None
        assert monotonic() < deadline
        sleep(0.1)
    return int(path.read_text())


def survivors(pids: list[int], seconds: float) -> list[str]:
    """Those of the processes that are alive after so long, by their command."""
    deadline = monotonic() + seconds
    while (alive := [pid for pid in pids if is_alive(pid)]) and monotonic() < deadline:
        sleep(0.1)
    return [Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[:100] for pid in alive]


def test_two_nodes_that_see_no_folder_of_the_run_give_the_records_of_the_serial_run(cluster, tmp_path):
    data = folder(cluster.hidden / "data", PARTS, num=12)
    options = ("--data-dir", str(data), "--img-size", "16")
    before = run(tmp_path / "serial", "good/tiny,good/small", *EPOCHS, *options, general=OWN)
    named = ("--plugins", "good/tiny,good/small", "--address", cluster.address)
    process = begun(cluster.hidden, *OWN, *options, *named)
    found = ended(process, cluster.hidden)
    assert (found.code, alike(found, before)) == (0, True)
    assert "2 nodes · 2 trials at once, 1 CPU each" in found.err
    assert not list(cluster.path.glob("node*/harness-ray-*/*"))


def test_killing_one_node_in_the_middle_loses_nothing(cluster, serial):
    process = begun(cluster.hidden, *OPTIONS, "--plugins", MODELS, "--address", cluster.address)
    child = awaited(cluster.reached, process)
    sleep(3)  # of slow steps, some of which have their checkpoint
    cluster.kill_node_of(child)
    assert survivors([child], END_S) == []
    found = ended(process, cluster.hidden)
    assert (found.code, alike(found, serial)) == (0, True)
    assert "note: bad/slow seed 1: its task was lost (" in found.err
    assert found.records["bad/slow"].facts["notes"] == "its task was lost 1 time and sent again"


def test_ctrl_c_leaves_no_process_after_5_s_and_the_run_goes_on_from_there(serial, tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_SLOW", SLOW)
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    process = begun(tmp_path, *OPTIONS, "--plugins", MODELS)
    awaited(tmp_path / "reached", process)
    sleep(3)
    processes = [process.pid, *descendants(process.pid)]
    assert len(processes) > 5  # Ray's own, and the trial's
    os.killpg(process.pid, signal.SIGINT)
    start = monotonic()
    code = process.wait(LONG_S)
    assert (code, survivors(processes, END_S - (monotonic() - start))) == (130, [])
    stopped = ended(process, tmp_path)
    assert "go on with: python -m harness resume" in stopped.err
    monkeypatch.setenv("HOSTILE_SLOW", "never:0:0")
    resumed = subprocess.run([sys.executable, "-m", "harness", "resume", stopped.store.path, "--quiet"], check=True)
    assert resumed.returncode == 0
    assert alike(ended(process, tmp_path), serial)


def test_no_process_outlives_a_run_that_was_killed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_SLOW", SLOW)
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    process = begun(tmp_path, *OPTIONS, "--plugins", "bad/slow")
    awaited(tmp_path / "reached", process)
    processes = descendants(process.pid)
    process.kill()
    process.wait()
    assert survivors(processes, END_S) == []


def test_ctrl_c_ends_the_trials_of_a_cluster_within_5_s_and_not_the_cluster(cluster):
    process = begun(cluster.hidden, *OPTIONS, "--plugins", "bad/slow", "--address", cluster.address)
    child = awaited(cluster.reached, process)
    os.killpg(process.pid, signal.SIGINT)
    start = monotonic()
    assert process.wait(LONG_S) == 130
    assert survivors([child], END_S - (monotonic() - start)) == []
    assert cluster.process.poll() is None


@pytest.mark.fault(80)
def test_80_nobody_without_its_secret_can_speak_to_a_ray_that_a_run_has_started(tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_SLOW", SLOW)
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    process = begun(tmp_path, *OPTIONS, "--plugins", "bad/slow")
    try:
        awaited(tmp_path / "reached", process)
        (raylet,) = [pid for pid in descendants(process.pid) if b"raylet/raylet" in command(pid)]
        address = re.search(rb"--gcs-address=(\S+?)\0", command(raylet))[1].decode()
        script = f"import ray; ray.init({address!r}); print(ray.nodes())"
        asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LONG_S)
        assert "AuthenticationError" in asked.stderr
        assert "NodeID" not in asked.stdout
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(LONG_S)


def command(pid: int) -> bytes:
    """The command line of a process; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
