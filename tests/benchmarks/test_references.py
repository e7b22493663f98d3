"""Our times beside other people's: half an hour on an idle machine (-m slow -s).

A process differs from the next one, which does the same, by some percent, for as long as it lives: by where its memory
came to lie. So each round is a new process of ours and new ones of theirs, which take turns; what is judged is the
middle of the rounds.

Nor is there one figure of a person's own script: it differs by what that did before. densenet121, whose weights were
never loaded from a file, takes a quarter longer for an image than a loaded one (95.9 and 75.9 ms on two threads of an
AVX-512 CPU with busy neighbours). Ours is to lie within what such scripts show, or as near to that as is said.

`TIMM_BENCHMARK=path/to/benchmark.py` adds timm's own script (it is in timm's repository, not in its wheel).
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache, partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from shutil import rmtree
from statistics import median
from tempfile import mkdtemp
from time import monotonic

import pytest
import torch

from tests.benchmarks.plain_timer import HISTORIES
from tests.source import ROOT

TURNS, TURN_S, TURN_STEPS = 6, 0.3, 2
LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_S = 5, 15, 150.0  # of short steps there are more rounds, whose middle is steadier
NUM_THREADS = int(os.environ.get("BENCH_THREADS", os.cpu_count() or 1))
OURS, THEIRS = (Path(__file__).with_name(name) for name in ("our_timer.py", "plain_timer.py"))
NUM_TIMM = 20  # steps a turn for both: the more steps, the lower their minimum
TIMM_SCRIPT = os.environ.get("TIMM_BENCHMARK", "")
MODELS = ("resnet18", "densenet121", "vit_b_16", "timm/mobilenetv3_large_100")

pytestmark = pytest.mark.slow


class Timer:
    """A process that times one model whenever it is asked; it sleeps between two questions."""

    def __init__(self, script: Path, name: str, batch_size: int, history: str = "") -> None:
        command = [sys.executable, "-P", str(script), name, str(batch_size), str(NUM_THREADS)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("MALLOC_", "GLIBC_"))}
        if script == OURS:
            environment["PYTHONPATH"] = str(ROOT)
        command.append(history or checkpoint(name))
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._read() == "ready\n"

    def _read(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def times(self, seconds: float) -> list[float]:
        """Milliseconds of steps over so many seconds."""
        assert self.process.stdin
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return json.loads(self._read())

    def __enter__(self) -> Timer:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


@cache
def checkpoint(name: str) -> str:
    """The folder of a checkpoint that a process of its own has saved, as a trial does."""
    folder = mkdtemp(prefix="references-")
    atexit.register(rmtree, folder)
    subprocess.run(
        [sys.executable, "-P", str(OURS), name, folder], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True
    )
    return folder


def by_turns(clocks: Sequence[Callable[[], list[float]]], num_turns: int) -> list[list[float]]:
    """What each of them measures in so many short turns."""
    turns = [[clock() for clock in clocks] for _ in range(num_turns)]
    return [[value for turn in turns for value in turn[place]] for place in range(len(clocks))]


def beyond(value: float, others: Sequence[float]) -> float:
    """How far a value lies outside of all others, of the nearest of them; 0 among them."""
    return value / min(max(value, min(others)), max(others)) - 1


def one_round(name: str, batch_size: int) -> list[list[float]]:
    """Milliseconds of steps: of a new process of ours, then of a new one of each history."""
    with ExitStack() as stack:
        ours = stack.enter_context(Timer(OURS, name, batch_size))
        theirs = [stack.enter_context(Timer(THEIRS, name, batch_size, history)) for history in HISTORIES]
        seconds = max(TURN_S, TURN_STEPS * median(ours.times(0.0)) / 1e3)
        return by_turns([partial(timer.times, seconds) for timer in (ours, *theirs)], TURNS)


@pytest.mark.parametrize("batch_size", [1, 32])
@pytest.mark.parametrize("name", MODELS)
def test_medians_agree_with_torchs_timer_within_5_percent_and_minima_within_3(name, batch_size):
    start, rounds = monotonic(), []
    while len(rounds) < LEAST_ROUNDS or (len(rounds) < MOST_ROUNDS and monotonic() - start < ROUNDS_S):
        rounds.append(one_round(name, batch_size))
    apart = []
    for statistic in (median, min):
        figures = [[statistic(samples) for samples in processes] for processes in rounds]
        apart.append(median(beyond(ours, theirs) for ours, *theirs in figures))
        middles = [median(column) for column in zip(*figures, strict=True)]
        told = ", ".join(f"{who} {ms:.4g}" for who, ms in zip(("ours", *HISTORIES), middles, strict=True))
        print(f"\n{name} batch {batch_size}, {statistic.__name__} in ms: {told}; ours beyond Timer's: {apart[-1]:+.1%}")
    middle, least = apart
    assert abs(middle) < 0.05
    assert abs(least) < 0.03


@pytest.mark.skipif(not TIMM_SCRIPT, reason="TIMM_BENCHMARK names no script")
@pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_large_100"])
def test_minima_agree_with_timms_benchmark_within_10_percent(name):
    spec = spec_from_file_location("timm_benchmark", TIMM_SCRIPT)
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    torch.set_num_threads(NUM_THREADS)
    runner = script.InferenceBenchmarkRunner(
        name, device="cpu", batch_size=8, num_warm_iter=5, num_bench_iter=NUM_TIMM, img_size=224
    )
    with Timer(OURS, f"timm/{name}", 8) as ours:
        seconds = NUM_TIMM * median(ours.times(1.0)) / 1e3
        mine, other = by_turns([partial(ours.times, seconds), partial(timms, runner)], 4)
    least = min(mine) / min(other) - 1
    print(f"\n{name} batch 8, our minimum beside timm's: {least:+.1%}")
    assert abs(least) < 0.10


def timms(runner) -> list[float]:
    """The milliseconds of each step of timm's loop, which itself keeps only their mean: its own clock, overheard."""
    read, seen = runner.time_fn, []
    runner.time_fn = lambda *arguments: seen.append(read(*arguments)) or seen[-1]
    runner.run()
    runner.time_fn = read
    # The readings are: a pair a step (warm-up first), one before the loop and one after it.
    first = 2 * runner.num_warm_iter + 1
    return [1e3 * (end - start) for start, end in zip(seen[first:-1:2], seen[first + 1 :: 2], strict=False)]
