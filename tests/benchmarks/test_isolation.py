"""What a process for each trial costs: seconds a trial, and nothing in its timings. Minutes: `pytest -m slow -s`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from harness.cli import main
from results.records import Record
from results.store import RunStore

pytestmark = pytest.mark.slow

ROUNDS = 5
OPTIONS = ("--dataset", "digits", "--device", "cpu", "--epochs", "1", "--quiet")


def run(output: Path, names: str, *options: str, fresh: bool = False) -> tuple[float, list[Record]]:
    """Seconds that a run took, and its records; a `fresh` one has a process that did nothing before it."""
    start = perf_counter()
    command = ["run", "--plugins", names, *OPTIONS, "--output", str(output), *options]
    if fresh:
        subprocess.run([sys.executable, "-m", "harness", *command], check=True, capture_output=True)
    else:
        assert main(command) == 0
    seconds = perf_counter() - start
    (folder,) = output.iterdir()
    return seconds, RunStore.open(folder).records()


def by_turns(
    tmp_path: Path, names: str, *options: str, fresh: bool = False
) -> list[dict[str, tuple[float, list[Record]]]]:
    """The same run with and without isolation, a pair a round; the first pair, which warms both up, is left out."""
    ways = {"isolated": (), "here": ("--no-isolation",)}
    rounds = []
    for turn in range(ROUNDS + 1):
        order = list(ways) if turn % 2 else list(reversed(ways))
        rounds.append({way: run(tmp_path / f"{turn}{way}", names, *ways[way], *options, fresh=fresh) for way in order})
    return rounds[1:]


def test_isolation_costs_at_most_half_a_second_a_trial(tmp_path):
    rounds = by_turns(tmp_path, "mlp,fc_model", "--seeds", "3", "--time-budget", "0")
    costs = [(pair["isolated"][0] - pair["here"][0]) / 6 for pair in rounds]
    print(f"\nisolation costs {median(costs):.2f} s a trial (from {min(costs):.2f} to {max(costs):.2f})")
    for pair in rounds:
        errors = [[r.measured("top1_err").median for r in records] for _, records in pair.values()]
        assert errors[0] == errors[1]
    assert median(costs) <= 0.5


@pytest.mark.parametrize("name", ["resnet18", "mlp"])
def test_timings_in_a_child_are_those_of_the_parent(tmp_path, name):
    rounds = by_turns(tmp_path, name, "--time-budget", "4", fresh=True)
    ratios = []
    for pair in rounds:
        times = {way: records[0].measured("cpu_infer_step_time") for way, (_, records) in pair.items()}
        ratios.append(times["isolated"].min / times["here"].min)
    print(f"\n{name}: isolated / not isolated {median(ratios):.4f} (from {min(ratios):.4f} to {max(ratios):.4f})")
    assert 0.98 <= median(ratios) <= 1.02
