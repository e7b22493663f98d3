"""Faults 56, 57, 61 and 63-67: whatever happens to the disk, what was acknowledged is there and whole."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from harness.cli import main
from results.errors import StoreError
from results.store import disk_space
from results.store.atomic import write_atomic
from results.store.lock import locked
from results.store.run_store import RunStore
from tests.faults.crashes import DIED, MODELS, labels
from tests.faults.runs import OPTIONS, PLUGIN, run
from tests.results.samples import keep_predictions, record
from tests.source import PACKAGES, ROOT, files

DEAD = 4_194_999
RUN = ("-p", str(PLUGIN), "run", "--plugins", "good/tiny", *OPTIONS, "--no-isolation", "--output")
NOISE = {"probs": np.random.default_rng(0).random(500_000)}


@pytest.fixture
def store(tmp_path):
    return RunStore.create(tmp_path / "runs", "digits", {})


@pytest.fixture
def mounted(tmp_path):
    """Mounts something at a folder of its own, where this user may; and undoes it."""
    place = tmp_path / "mounted"
    place.mkdir()

    def mount(*arguments):
        done = subprocess.run(["mount", *arguments, place], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"cannot mount here: {done.stderr.strip()}")
        return place

    yield mount
    subprocess.run(["umount", place], capture_output=True, check=False)


@pytest.fixture
def no_training(monkeypatch):
    """No trial may begin."""
    monkeypatch.setattr("harness.runs.runner.Runner.carry_out", None)


def refused(capsys, output):
    """The exit code and the two lines of a run that cannot be written to `output`."""
    code = main.main([*RUN, str(output)])
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("note:")]
    at = next(number for number, line in enumerate(lines) if line.startswith("error: "))
    assert len(lines) == at + 2
    return code, lines[at], lines[at + 1]


@pytest.mark.fault(56)
@pytest.mark.parametrize("below", ["", "runs"])
def test_56_an_output_that_is_a_file_or_below_one_is_refused_before_training(tmp_path, capsys, no_training, below):
    (tmp_path / "file").write_text("mine")
    code, cause, remedy = refused(capsys, tmp_path / "file" / below)
    assert (code, "file" in cause, "--output" in remedy) == (4, True, True)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.fault(56)
def test_56_an_output_that_is_mounted_read_only_is_refused_before_training(mounted, capsys, no_training):
    code, cause, remedy = refused(capsys, mounted("-t", "tmpfs", "-o", "ro,size=1m", "tmpfs"))
    assert (code, "Read-only file system" in cause, "--output" in remedy) == (4, True, True)


@pytest.mark.fault(57)
def test_57_a_full_disk_leaves_earlier_results_whole_and_no_draft(mounted):
    store = RunStore.create(mounted("-t", "tmpfs", "-o", "size=1m", "tmpfs"), "digits", {})
    store.save(record("earlier"))
    store.write("table.md", b"the table")
    for write in (lambda: keep_predictions(store, record(), NOISE), lambda: store.write("table.md", b"x" * 2_000_000)):
        with pytest.raises(StoreError, match=r"disk full: .* needs .* bytes, .* are free") as caught:
            write()
        assert (caught.value.exit_code, "make room" in caught.value.remedy) == (4, True)
    assert RunStore.open(store.path).records() == [record("earlier")]
    assert ((store.path / "table.md").read_bytes(), list(store.path.rglob("*.tmp"))) == (b"the table", [])
    store.save(record("when room was made"))


@pytest.mark.fault(57)
def test_57_a_limit_of_file_sizes_is_a_full_disk(store):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    store.save(record("earlier"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StoreError, match=r"disk full: predictions\.npz needs") as caught:
            keep_predictions(store, record(), NOISE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.exit_code == 4
    assert (store.records(), list(store.path.rglob("*.tmp"))) == ([record("earlier")], [])


@pytest.mark.fault(57)
def test_57_a_run_that_will_not_fit_is_refused_before_training(tmp_path, capsys, no_training, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda folder: usage(2**20))
    code, cause, remedy = refused(capsys, tmp_path / "runs")
    assert (code, "make room" in remedy) == (4, True)
    assert cause.startswith("error: disk full: need ")
    assert "have 1 MiB" in cause


@pytest.fixture(scope="module")
def crashes():
    """What a little run had acknowledged when it died at its N-th durable operation, for every N.

    In memory where that can be: processes die here and no disk does, and a real fsync takes 10 ms.
    """
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with TemporaryDirectory(dir=memory) as folder:
        command = [sys.executable, "-m", "tests.faults.crashes", folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        yield Path(folder), [json.loads(line) for line in done.stdout.splitlines()]


def whole(path, acknowledged):
    """Assert that in a run's folder all that was acknowledged is there, and that nothing is half there."""
    if not (path / "run.json").exists():
        assert acknowledged == []
        return
    store = RunStore.open(path)
    found = {trial.model: trial for trial in store.records()}
    retired = {"first"} if (path / "retried/first@s1.1.json").exists() else set()
    assert retired or "retired" not in acknowledged
    assert set(acknowledged) & set(MODELS) <= found.keys() | retired
    assert not found.keys() & retired
    assert all(trial == record(name) for name, trial in found.items())
    for name in found.keys() | retired:
        assert np.array_equal(store.predictions(record(name))["labels"], labels(name))
        assert (path / f"checkpoints/{name}@s1/weights").read_bytes() == name.encode() * 1000
    assert not [left for left in path.rglob("*") if left.name == "corrupt" or left.suffix == ".tmp"]


@pytest.mark.fault(61)
def test_61_a_crash_at_any_durable_operation_loses_nothing_acknowledged(crashes):
    folder, swept = crashes
    assert [crash["code"] for crash in swept] == [DIED] * (len(swept) - 1) + [0]
    assert len(swept) > 100
    for crash in swept:
        runs = list((folder / str(crash["number"])).glob("*"))
        assert runs or crash["acknowledged"] == []
        for path in runs:
            whole(path, crash["acknowledged"])


@pytest.mark.fault(61)
def test_61_a_table_is_the_old_one_or_the_new_one_after_a_crash(crashes):
    folder, swept = crashes
    tables = {model: f"the table with {model}\n".encode() * 500 for model in MODELS}
    for crash in swept:
        told = [name.partition(" ")[2] for name in crash["acknowledged"] if name.startswith("table ")]
        allowed = [tables[model] for model in MODELS[max(len(told) - 1, 0) : len(told) + 1]]
        found = [path.read_bytes() for path in (folder / str(crash["number"])).glob("*/table.md")]
        assert found or not told
        assert all(content in allowed for content in found)


@pytest.mark.fault(63)
def test_63_temporary_files_of_the_dead_are_removed_and_those_of_the_living_are_kept(store):
    with subprocess.Popen(["sleep", "60"]) as living:
        for pid in (DEAD, living.pid):
            (store.path / "records" / f".a.json.{pid}.ab12.tmp").write_text("{")
        RunStore.open(store.path)
        left = [path.name for path in store.path.rglob("*.tmp")]
        living.kill()
    assert left == [f".a.json.{living.pid}.ab12.tmp"]
    RunStore.open(store.path)
    assert list(store.path.rglob("*.tmp")) == []


RACE = """
import sys
from pathlib import Path
from results.errors import StoreError
from results.store.lock import locked
won = 0
sys.stdin.readline()
while won < 200:
    try:
        with locked(Path(sys.argv[1])):
            (Path(sys.argv[1]) / "inside").mkdir()
            (Path(sys.argv[1]) / "inside").rmdir()
            won += 1
    except StoreError:
        pass
"""


@pytest.mark.fault(64)
def test_64_two_processes_are_never_both_inside_however_they_race(tmp_path):
    command = [sys.executable, "-c", RACE, str(tmp_path)]
    racers = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for racer in racers:
        racer.stdin.write(b"\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=20)[1] for racer in racers]
    assert ([racer.returncode for racer in racers], said) == ([0, 0], [b"", b""])
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def jumping(tmp_path_factory):
    """A run during which the clock jumps by a day whenever it is looked at."""
    days = iter(range(10**9))
    really = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: really() + 86_400 * next(days))
        return run(tmp_path_factory.mktemp("jumping"), "good/tiny", "--no-isolation")


@pytest.mark.fault(64)
@pytest.mark.parametrize("command", [("resume",), ("retry", "--failed")])
def test_64_a_run_that_is_in_use_is_not_continued_and_its_holder_is_named(jumping, capsys, command):
    with locked(jumping.store.path):
        code = main.main([*command, str(jumping.store.path)])
    cause, remedy = [line for line in capsys.readouterr().err.splitlines() if "error: " in line or "  " in line][-2:]
    assert (code, f"in use by process {os.getpid()} on " in cause) == (4, True)
    assert remedy == "  wait for it, or stop it"


@pytest.mark.fault(65)
def test_65_durations_are_right_though_the_clock_jumps(jumping):
    trial = jumping.records["good/tiny"]
    seconds = [value for m in trial.measurements if "seconds" in m.name for value in m.values]
    seconds += [value for row in trial.history for name, value in row.items() if "seconds" in name]
    assert (jumping.code, len(seconds) > 2) == (0, True)
    assert all(0 <= value < 60 for value in seconds)


@pytest.mark.fault(65)
def test_65_runs_of_one_moment_have_different_names(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda form: "2026-10-25")
    assert len({RunStore.create(tmp_path, "digits", {}).path for _ in range(20)}) == 20


@pytest.mark.fault(65)
def test_65_only_ages_of_files_and_a_loggers_stamps_are_read_from_the_clock():
    users = [path.relative_to(ROOT) for path in files(*PACKAGES) if "time.time(" in path.read_text()]
    of_files = ["cluster/ray_engine/node_folder", "data/files/cache_entries", "data/files/cache_report"]
    of_loggers = ["plugins/mlflow.py", "plugins/tensorboard.py"]
    assert [str(path) for path in users] == [*(f"harness/{name}.py" for name in of_files), *of_loggers]


def flipped(content):
    """One bit: a loss of 1.25 becomes one of 1.24."""
    assert content.count(b"1.25") == 1
    return content.replace(b"1.25", b"1.24")


@pytest.mark.fault(66)
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda content: content[: len(content) // 2], "not a whole record"),
        (lambda content: b"", "not a whole record"),
        (lambda content: b'{"epoch": 1}\n{"ep', "not a whole record"),
        (flipped, "its SHA-256 does not fit its content"),
        (lambda content: content.replace(b'"schema": 1', b'"schema": 99'), "written with schema 99"),
    ],
)
def test_66_a_bad_record_is_put_aside_with_a_warning_and_all_others_are_read(store, capsys, damage, says):
    store.save(record("good"))
    path = store.save(record("bad"))
    content = damage(path.read_bytes())
    path.write_bytes(content)
    assert RunStore.open(store.path).records() == [record("good")]
    assert f"warning: bad@s1.json was moved to corrupt/: {says}" in capsys.readouterr().err
    (kept,) = (store.path / "corrupt").iterdir()
    assert kept.read_bytes() == content


@pytest.mark.fault(67)
@pytest.mark.parametrize("name", ["index.sqlite", "records/index.sqlite", "records/events.jsonl", "records/.x.json"])
def test_67_there_is_no_index_and_a_file_that_looks_like_one_changes_nothing(store, capsys, name):
    store.save(record("good"))
    write_atomic(store.path / name, b"SQLite format 3\0 but torn")
    again = RunStore.open(store.path)
    assert [trial.model for trial in again.records()] == ["good"]
    assert (store.path / name).exists() or name.endswith(".x.json")
