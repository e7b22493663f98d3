"""What a process for each trial costs: seconds a trial, and nothing in its timings. Minutes: `pytest -m slow -s`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from threading import Thread
from time import perf_counter

import pytest

from harness.cli.main import main
from harness.isolation.supervisor import Supervisor, context_for, start_server
from results.records import Record
from results.store.run_store import RunStore
from tests.benchmarks import timed_worker

pytestmark = pytest.mark.slow

ROUNDS = 5
PAIRS, TURNS = 12, 8
OPTIONS = ("--dataset", "digits", "--device", "cpu", "--epochs", "1", "--quiet")


def run(output: Path, names: str, *options: str) -> tuple[float, list[Record]]:
    """Seconds that a run took, and its records."""
    start = perf_counter()
    command = ["run", "--plugins", names, *OPTIONS, "--output", str(output), *options]
    assert main(command) == 0
    seconds = perf_counter() - start
    (folder,) = output.iterdir()
    return seconds, RunStore.open(folder).records()


def by_turns(tmp_path: Path, names: str, *options: str) -> list[dict[str, tuple[float, list[Record]]]]:
    """The same run with and without isolation, a pair a round; the first pair, which warms both up, is left out."""
    ways = {"isolated": (), "here": ("--no-isolation",)}
    rounds = []
    for turn in range(ROUNDS + 1):
        order = list(ways) if turn % 2 else list(reversed(ways))
        rounds.append({way: run(tmp_path / f"{turn}{way}", names, *ways[way], *options) for way in order})
    return rounds[1:]


def test_isolation_costs_at_most_half_a_second_a_process(tmp_path):
    rounds = by_turns(tmp_path, "mlp,fc_model", "--seeds", "3", "--time-budget", "0")
    # Each of six trials is trained in one process and timed in another.
    costs = [(pair["isolated"][0] - pair["here"][0]) / 12 for pair in rounds]
    print(f"\nisolation costs {median(costs):.2f} s a process (from {min(costs):.2f} to {max(costs):.2f})")
    for pair in rounds:
        errors = [[r.measured("top1_err").median for r in records] for _, records in pair.values()]
        assert errors[0] == errors[1]
    assert median(costs) <= 0.5


class Worker:
    """A process that times when it is told to. Two of them take turns of a third of a second."""

    def __init__(self, folder: Path, start: Callable[[Path], object]) -> None:
        folder.mkdir()
        for name in ("go", "done"):
            os.mkfifo(folder / name)
        self.process = start(folder)
        self.go, self.done = (folder / "go").open("w"), (folder / "done").open()

    def turn(self) -> list[float]:
        """The least and the median time of a step, in ms."""
        print("now", file=self.go, flush=True)
        return json.loads(self.done.readline())

    def end(self) -> None:
        self.go.close()
        self.done.close()
        self.process.wait() if isinstance(self.process, subprocess.Popen) else self.process.join()


def plain_process(folder: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "tests.benchmarks.timed_worker", str(folder)])


def isolated_process(folder: Path) -> Thread:
    """A child of a supervisor, which waits for it as it does for a trial."""
    supervisor = Supervisor(target=timed_worker.isolated, context=context_for("cpu"), timeout_s=600)
    thread = Thread(target=supervisor.run, args=(str(folder),))
    thread.start()
    return thread


def test_timings_in_a_child_are_those_of_a_process_by_itself(tmp_path):
    """Each pair of processes is new: where one's memory lies is worth some percent, whether it is isolated or not."""
    start_server()
    ratios = []
    for pair in range(PAIRS):
        plain = Worker(tmp_path / f"plain{pair}", plain_process)
        child = Worker(tmp_path / f"child{pair}", isolated_process)
        times = [[worker.turn() for worker in (plain, child)] for _ in range(TURNS + 1)][1:]
        for worker in (plain, child):
            worker.end()
        ratios.append([median(there[of] / here[of] for here, there in times) for of in (0, 1)])
    for of, what in enumerate(("least", "median")):
        found = sorted(pair[of] for pair in ratios)
        print(f"\n{what} time, isolated / by itself: {median(found):.4f} (from {found[0]:.4f} to {found[-1]:.4f})")
        assert 0.98 <= median(found) <= 1.02
