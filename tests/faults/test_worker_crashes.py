"""Workers that are killed, stopped and refused by their disk, over and over: what is left finishes as a serial run."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from results.store.claims import Claims
from results.store.run_store import RunStore
from tests.faults.parents import Parent
from tests.faults.runs import run
from tests.faults.worker_runs import figures, plan, store_of, worker
from tests.source import ROOT

pytestmark = [pytest.mark.usefixtures("server"), pytest.mark.slow]

KILLS = 20
SEEDS = ("--seeds", "22", "--epochs", "1")
PHASES = {
    "open": ("harness.runs.resume:open_context", ""),
    "look": ("harness.cluster.queue:Queue.next", ""),
    "claimed": ("harness.cluster.worker:take_step", ""),
    "train": ("", "train:10:0.2"),
    "evaluate": ("", "eval:2:0.2"),
    "keep": ("harness.runs.trial_step:keep", ""),
    "record": ("results.store.run_store:RunStore.save_first", ""),
    "release": ("results.store.claims:Claims.release", ""),
}


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """22 trials of one model, without workers."""
    return run(tmp_path_factory.mktemp("serial"), "bad/slow", "--epochs", "2", *SEEDS)


@pytest.mark.parametrize("phase", PHASES)
def test_of_twenty_workers_that_are_killed_in_one_phase_nothing_is_lost(tmp_path, serial, monkeypatch, phase):
    """Every other one is of another host, whose end nobody sees: its lease has to run out."""
    function, harm = PHASES[phase]
    waiting = plan(tmp_path, *SEEDS, names="bad/slow")
    for number in range(KILLS):
        if harm:
            monkeypatch.setenv("HOSTILE_SLOW", harm)
            monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / str(number) / "paused"))
        host = f"node{number}" if number % 2 else ""
        killed = worker(tmp_path, str(number), "--heartbeat", "0.2", pause_in=function, host=host)
        killed.wait_for("paused", 60)
        killed.signal(signal.SIGKILL)
        assert killed.ended() == -signal.SIGKILL
    monkeypatch.delenv("HOSTILE_SLOW", raising=False)
    last = worker(tmp_path, "last", "--heartbeat", "0.2")
    assert last.ended(200) == 0, last.said
    assert waiting.ended(100) == 0, waiting.said
    assert figures(store_of(tmp_path)) == figures(serial.store)
    assert not {path.name for path in store_of(tmp_path).path.iterdir()} & {"claims", "workers", "work", "progress"}


def test_a_worker_that_was_stopped_past_its_lease_has_a_second_result_and_the_first_record_stays(tmp_path, monkeypatch):
    waiting = plan(tmp_path, "--seeds", "1", names="bad/slow")
    monkeypatch.setenv("HOSTILE_SLOW", "train:20:0.02")
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    stopped = worker(tmp_path, "stopped", "--heartbeat", "0.2", host="laptop")
    waiting.wait_for("reached", 60)
    stopped.signal(signal.SIGSTOP)
    sleep(1)
    monkeypatch.delenv("HOSTILE_SLOW")
    other = worker(tmp_path, "other", "--heartbeat", "0.2", host="desktop")
    assert (other.ended(60), "bad/slow seed 1 is taken over" in other.said) == (0, True), other.said
    (first,) = store_of(tmp_path).records()
    stopped.signal(signal.SIGCONT)  # until then this host is not alone, and the run waits before it times
    assert stopped.ended(60) == 0, stopped.said
    assert "was recorded meanwhile by another worker, whose record stays" in stopped.said
    assert waiting.ended(60) == 0
    (kept,) = store_of(tmp_path).records()
    assert (kept.history, kept.measured("total_seconds")) == (first.history, first.measured("total_seconds"))
    clean = run(tmp_path / "clean", "bad/slow", "--epochs", "2")
    assert figures(store_of(tmp_path)) == figures(clean.store)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 100 MiB, which only root can make."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(place)]
    if os.getuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def reached(parent: Parent, path: Path) -> None:
    deadline = monotonic() + 60
    while not path.exists():
        assert monotonic() < deadline, parent.said
        assert parent.process.is_alive(), parent.said
        sleep(0.02)


def test_a_disk_that_fills_up_ends_the_worker_with_4_and_its_trial_is_done_once_there_is_room(
    small_disk, tmp_path, monkeypatch
):
    waiting = plan(small_disk, names="bad/slow")
    monkeypatch.setenv("HOSTILE_SLOW", "train:30:0.1")
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    refused = worker(small_disk, "refused")
    reached(refused, tmp_path / "reached")
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(2**20))
            file.flush()
    assert (refused.ended(60), list((store_of(small_disk).path / "records").iterdir())) == (4, []), refused.said
    assert Claims(store_of(small_disk).path).latest() == {}
    filler.unlink()
    monkeypatch.delenv("HOSTILE_SLOW")
    assert worker(small_disk, "next").ended(60) == 0
    assert waiting.ended(60) == 0, waiting.said
    clean = run(tmp_path / "clean", "bad/slow", "--epochs", "2", "--seeds", "2")
    assert figures(store_of(small_disk)) == figures(clean.store)


def test_a_folder_that_becomes_read_only_ends_the_worker_with_4_and_one_line(small_disk, tmp_path, monkeypatch):
    waiting = plan(small_disk, names="bad/slow")
    waiting.signal(signal.SIGTERM)  # it has its lock open to be written
    waiting.ended()
    monkeypatch.setenv("HOSTILE_SLOW", "train:30:0.1")
    monkeypatch.setenv("HOSTILE_REACHED", str(tmp_path / "reached"))
    place = tmp_path / "refused"
    place.mkdir()
    refused = Parent(place, ["worker", str(store_of(small_disk).path)])
    reached(refused, tmp_path / "reached")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert refused.ended(60) == 4, refused.said
    assert [line for line in refused.said.splitlines() if line.startswith("error")] != []
    assert "Traceback" not in refused.said
    again = Parent(tmp_path, ["worker", str(store_of(small_disk).path)])
    assert (again.ended(60), "Traceback" in again.said) == (4, False), again.said
    assert "1 stale" in answer("status", str(store_of(small_disk).path))
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    monkeypatch.delenv("HOSTILE_SLOW")
    assert worker(small_disk, "next").ended(60) == 0
    assert len(store_of(small_disk).records()) == 2


def answer(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "harness", *words], capture_output=True, text=True, check=True)
    return done.stdout


SBATCH = """#!/bin/bash
# Runs each task of an array as SLURM would, all at once; their time is up once $HOSTILE_REACHED is there: then they get
# SIGTERM, and 30 s later SIGKILL.
script=${!#}
range=$(sed -n 's/^#SBATCH --array=//p' "$script")
pids=()
for task in $(seq "${range%-*}" "${range#*-}"); do
  SLURM_JOB_ID=7 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=2 \
    bash "$script" >"$FAKE_OUTPUT/worker-7_$task.txt" 2>&1 &
  pids+=($!)
done
( until [ -e "$HOSTILE_REACHED" ]; do sleep 0.2; done; sleep 1
  kill -TERM "${pids[@]}"; sleep 30; kill -KILL "${pids[@]}" ) >/dev/null 2>&1 &
limit=$!
for pid in "${pids[@]}"; do wait "$pid"; echo "$?"; done
kill "$limit"
"""


def on_path(folder: Path) -> None:
    """`sbatch`, `srun` and `python` as the script in the documentation calls them."""
    for name, text in {
        "sbatch": SBATCH,
        "srun": '#!/bin/sh\nexec "$@"\n',
        "python": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
    }.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def test_an_array_of_slurm_is_cut_off_by_its_limit_and_submitting_it_again_finishes_the_run(tmp_path, monkeypatch):
    """The very script of docs/cluster.md, with an array of two, under a stand-in for SLURM."""
    if not shutil.which("bash"):
        pytest.skip("the script is one for bash")
    (script,) = re.findall(r"```\n(#!/bin/bash\n#SBATCH.*?)```", (ROOT / "docs/cluster.md").read_text(), re.DOTALL)
    (tmp_path / "sweep.sh").write_text(script.replace("--array=0-15", "--array=0-1"))
    on_path(tmp_path)
    waiting = plan(tmp_path)
    waiting.signal(signal.SIGINT)
    waiting.ended()
    store = store_of(tmp_path)
    for name, value in {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "RUN": str(store.path),
        "HOSTILE_REACHED": str(tmp_path / "reached"), "FAKE_OUTPUT": str(tmp_path), "HOSTILE_SLOW": "train:10:1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    first = subprocess.run(["sbatch", "sweep.sh"], cwd=tmp_path, capture_output=True, text=True, check=True)
    said = [(tmp_path / f"worker-7_{task}.txt").read_text() for task in (0, 1)]
    assert "143" in first.stdout.split(), said
    assert Claims(store.path).latest() == {}
    assert len(store.records()) < 4
    assert list((store.path / "progress").rglob("*.safetensors")) != []
    monkeypatch.setenv("HOSTILE_SLOW", "never:0:0")
    (tmp_path / "reached").unlink()
    second = subprocess.run(["sbatch", "sweep.sh"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert second.stdout.split() == ["0", "0"], said
    assert len(RunStore(store.path).records()) == 4
    assert "top-1 err" in answer("resume", str(store.path), "--quiet")
    clean = run(tmp_path / "clean", "good/tiny,bad/slow", "--epochs", "2", "--seeds", "2")
    assert figures(store) == figures(clean.store)
