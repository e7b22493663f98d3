"""Runs that were killed (60) or ran out of disk (57) and go on: the end is that of a run that was left alone."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from harness.cli.main import main
from harness.isolation.supervisor import start_server
from results.store.run_store import RunStore
from tests.faults.killed_training import train
from tests.faults.parents import Parent
from tests.faults.runs import OPTIONS, PLUGIN, comparable, run

pytestmark = pytest.mark.usefixtures("server")

SLOW = ("--epochs", "4", "--checkpoint-every", "0")
NAMES = "good/tiny,bad/slow"


def weights(store: RunStore) -> dict[str, str]:
    """A hash of every trained model of a run."""
    files = sorted(store.path.glob("checkpoints/*/model.safetensors"))
    return {path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def kill_at_random(tmp_path: Path, num_kills: int, longest_s: float, dice: random.Random) -> tuple[RunStore, int]:
    """Kill the run and each resumption of it at random moments; returns it at its end, and how often that was.

    A kill that came before there was a run is none.
    """
    command = ["-p", str(PLUGIN), "run", "--plugins", NAMES, *OPTIONS, *SLOW, "--output", str(tmp_path / "runs")]
    kills = 0
    while True:
        folders = started(tmp_path)
        parent = Parent(tmp_path, ["resume", str(folders[0])] if folders else command)
        if kills < num_kills:
            if folders:  # the first steps of a resumption are its opening, which has been killed often enough
                parent.wait_for("runs/*/work")
            sleep(dice.uniform(0.1, longest_s))
        if kills < num_kills and parent.process.is_alive():
            parent.signal(signal.SIGKILL)
            parent.ended()
            if started(tmp_path):
                kills += 1
            else:
                longest_s *= 1.5  # a machine that is slow today may need longer to begin
        elif parent.ended(60) == 0:
            return RunStore.open(started(tmp_path)[0]), kills
        for folder in started(tmp_path):
            shutil.rmtree(folder / "work", ignore_errors=True)


def started(tmp_path: Path) -> list[Path]:
    """The run's folder, once there is one."""
    return [path.parent for path in (tmp_path / "runs").glob("*/run.json")]


def same_as_undisturbed(tmp_path: Path, store: RunStore, names: str = NAMES) -> None:
    clean = run(tmp_path / "clean", names, *SLOW)
    found = {record.model: record for record in store.records()}
    assert found.keys() == clean.records.keys()
    for model in found:
        assert comparable(found[model]) == comparable(clean.records[model])
    assert weights(store) == weights(clean.store)
    assert len(weights(store)) == len(names.split(","))


@pytest.mark.once
@pytest.mark.fault(60)
@pytest.mark.parametrize(
    ("num_kills", "pace_s", "longest_s"), [(2, 0.01, 0.6), pytest.param(20, 0.12, 1.2, marks=pytest.mark.slow)]
)
def test_60_kills_at_random_moments_and_resuming_give_the_undisturbed_run(
    tmp_path, monkeypatch, num_kills, pace_s, longest_s
):
    monkeypatch.setenv("HOSTILE_SLOW", f"train:0:{pace_s}")
    store, kills = kill_at_random(tmp_path, num_kills, longest_s, random.Random(num_kills))
    print(f"\n{kills} kills")
    monkeypatch.delenv("HOSTILE_SLOW")
    assert kills == num_kills
    same_as_undisturbed(tmp_path, store)


def trained_by(folder: Path, num_kills: int, dice: random.Random) -> str:
    """What a training ends with whose process is killed so often, each time a moment after it began."""
    start_server()
    folder.mkdir()
    for kill in range(num_kills + 1):
        process = multiprocessing.get_context("forkserver").Process(target=train, args=(folder,))
        process.start()
        while kill < num_kills and process.is_alive() and not (folder / "started").exists():
            sleep(0.005)
        if kill < num_kills:
            sleep(dice.uniform(0, 0.06))
            assert process.is_alive(), "it came to its end unkilled"
            process.kill()
        process.join(30)
        (folder / "started").unlink()
    return (folder / "end").read_text()


@pytest.mark.once
@pytest.mark.fault(60)
def test_60_twenty_kills_at_random_moments_of_training_change_no_bit(tmp_path):
    whole = trained_by(tmp_path / "whole", 0, random.Random())
    assert trained_by(tmp_path / "killed", 20, random.Random(7)) == whole
    assert len(list((tmp_path / "killed" / "progress").glob("[0-9]*"))) == 2


@pytest.mark.once
@pytest.mark.fault(60)
def test_60_a_trial_killed_while_it_makes_do_with_less_memory_goes_on_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOSTILE_SLOW", "train:0:0.03")
    command = ["-p", str(PLUGIN), "run", "--plugins", "bad/large", *OPTIONS, *SLOW, "--output", str(tmp_path / "runs")]
    parent = Parent(tmp_path, command)
    parent.wait_for("runs/*/progress/**/*.safetensors")
    parent.signal(signal.SIGKILL)
    parent.ended()
    monkeypatch.delenv("HOSTILE_SLOW")
    (folder,) = (tmp_path / "runs").glob("[!_]*")
    assert main(["resume", str(folder)]) == 0, capsys.readouterr().err
    same_as_undisturbed(tmp_path, RunStore.open(folder), "bad/large")


@pytest.fixture
def little_disk(tmp_path) -> Iterator[Path]:
    """A disk of its own for the output; its size can be changed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.fault(57)
def test_57_a_disk_that_fills_up_ends_the_run_with_4_and_costs_no_record(tmp_path, little_disk, capsys, monkeypatch):
    monkeypatch.setattr("harness.runs.session.require_space", lambda folder, num_bytes: None)
    output = little_disk / "runs"
    filler = little_disk / "filler"

    def fill(*_):
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 65_536)
            except OSError:
                return

    monkeypatch.setattr("zoo.discovery.Zoo.trial_done", lambda zoo, event: fill() or [])
    code = main(["-p", str(PLUGIN), "run", "--plugins", "good/tiny,good/small", *OPTIONS, "--output", str(output)])
    said = capsys.readouterr().err
    assert code == 4
    assert said.count("error: disk full") == 1
    assert "Traceback" not in said
    (folder,) = output.glob("[!_]*")
    assert [record.model for record in RunStore.open(folder).records()] == ["good/tiny"]
    monkeypatch.undo()
    filler.unlink()
    assert main(["resume", str(folder)]) == 0
    clean = run(tmp_path / "clean", "good/tiny,good/small")
    for record in RunStore.open(folder).records():
        assert comparable(record) == comparable(clean.records[record.model])


@pytest.mark.fault(57)
def test_57_a_disk_with_too_little_room_is_told_before_the_first_trial(little_disk, capsys):
    subprocess.run(["mount", "-o", "remount,size=8m", str(little_disk)], check=True)
    start = monotonic()
    output = str(little_disk / "runs")
    assert main(["-p", str(PLUGIN), "run", "--plugins", "good/tiny", *OPTIONS, "--output", output]) == 4
    assert "error: disk full: need" in capsys.readouterr().err
    assert monotonic() - start < 5
