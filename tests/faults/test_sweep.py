"""A whole sweep with hostile models among good ones: the good rows are those of a run without them."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path
from time import sleep

import pytest

from results.store.run_store import RunStore
from tests.faults.parents import Parent
from tests.faults.runs import PLUGIN, comparable, run
from tests.harness.pictures import folder
from zoo.discovery import discover

GOOD = ["good/tiny", "good/small", *(f"good/tiny{number}" for number in range(1, 6))]
BAD = ["bad/segfault", "bad/hang-and-ignore", "bad/eat-memory", "bad/leave", "bad/patch-the-metric"]
SWEEP_TRIALS = 200


@pytest.mark.once
def test_a_sweep_of_twelve_with_five_hostile_models_ends_with_the_other_seven_as_without_them(tmp_path):
    mixed = [name for pair in zip(GOOD, [*BAD, "", ""], strict=True) for name in pair if name]
    harmed = run(tmp_path / "harmed", ",".join(mixed), "--trial-timeout", "8", "--memory-limit", "600")
    clean = run(tmp_path / "clean", ",".join(GOOD))
    assert (harmed.code, clean.code, len(harmed.records)) == (1, 0, 12)
    assert sorted(name for name, record in harmed.records.items() if record.status == "ok") == sorted(GOOD)
    for name in GOOD:
        assert comparable(harmed.records[name]) == comparable(clean.records[name])


def workers() -> list[int]:
    """The trials' processes: children of the fork server that lead a session of their own."""
    server = forkserver._forkserver._forkserver_pid
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with suppress(OSError):
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == server and os.getsid(int(process.name)) == int(process.name):
                    found.append(int(process.name))
    return found


def resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@pytest.mark.slow
def test_200_trials_with_random_kills_all_end_as_rows_and_the_parent_does_not_grow(tmp_path):
    """Minutes. Small timm architectures and MLPs on 40 small pictures; a child is killed every few seconds."""
    folder(tmp_path / "data", ["cat", "dog"], num=20)
    names = "timm/test_*,mlp*,good/*"
    per_seed = len(discover([str(PLUGIN)]).select(names))
    seeds = -(-SWEEP_TRIALS // per_seed)
    command = ["-p", str(PLUGIN), "run", "--plugins", names, "--seeds", str(seeds), "--epochs", "1", "--quiet"]
    command += ["--data-dir", str(tmp_path / "data"), "--time-budget", "0", "--num-threads", "1"]
    command += ["--output", str(tmp_path / "runs")]
    parent, dice, kills, sizes = Parent(tmp_path, command), random.Random(1), 0, {}
    while parent.process.is_alive():
        sleep(dice.uniform(0.5, 4))
        done = len(list((tmp_path / "runs").glob("*/records/*.json")))
        if parent.process.is_alive():
            sizes[done] = resident_kib(parent.pid)
        for pid in workers()[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                kills += 1
    (found,) = (tmp_path / "runs").glob("[!_]*")
    records = RunStore.open(found).records()
    told = Counter(f"{record.status}: {record.error.cause if record.error else ''}" for record in records)
    early = next(size for done, size in sorted(sizes.items()) if done >= 20)
    late = sizes[max(sizes)]
    print(
        f"\n{len(records)} records, {kills} kills, resident {early / 1024:.0f} MiB then {late / 1024:.0f} MiB; {told}"
    )
    assert len(records) == per_seed * seeds >= SWEEP_TRIALS
    assert all(record.status == "ok" or "SIGKILL" in record.error.cause for record in records)
    assert kills > 20
    assert late < 1.1 * early
