"""Our times beside other people's: minutes on an idle machine, `pytest tests/benchmarks/test_references.py -m slow -s`.

`TIMM_BENCHMARK=path/to/benchmark.py` adds timm's own script (it is in timm's repository, not in its wheel).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from statistics import median

import pytest
import torch

from harness.machine.malloc import DEFAULT, allocator
from harness.plan.config import TimingConfig
from harness.timing.clock import clock_for
from harness.timing.sampling import Effort, collect, warm_up
from harness.timing.steps import InferenceStep, make_workload
from zoo.building import build
from zoo.discovery import discover
from zoo.specs import Task

CPU = torch.device("cpu")
CLOCK = clock_for(CPU)
ROUNDS, BURSTS, BURST_S, BURST_STEPS = 5, 8, 0.25, 2
NUM_THREADS = int(os.environ.get("BENCH_THREADS", os.cpu_count() or 1))
PLAIN = Path(__file__).with_name("plain_timer.py")
NUM_TIMM = 20  # steps a turn for both: the more steps, the lower their minimum
TIMM_SCRIPT = os.environ.get("TIMM_BENCHMARK", "")
MODELS = ("resnet18", "densenet121", "vit_b_16", "timm/mobilenetv3_large_100")

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def all_threads():
    assert allocator() == DEFAULT, "another test of this process has let glibc keep freed memory: run this file alone"
    before = torch.get_num_threads()
    torch.set_num_threads(NUM_THREADS)
    yield
    torch.set_num_threads(before)


def make_step(name: str, batch_size: int) -> InferenceStep:
    (choice,) = discover().select(name)
    model = build(choice.spec, Task(num_classes=1000, image_size=224, channels=3)).model
    step = InferenceStep(make_workload(model, (3, 224, 224), 1000, CPU, TimingConfig(batch_size=batch_size)))
    step.enter()
    warm_up(CLOCK, step, 3.0)
    return step


def burst_seconds(step: InferenceStep) -> float:
    """One turn: half a second, and several steps where a step takes long."""
    return max(BURST_S, BURST_STEPS * CLOCK.time_ms(step) / 1e3)


def ours(step: InferenceStep, seconds: float, min_samples: int = 1) -> list[float]:
    samples: list[float] = []
    collect(CLOCK, step, Effort(budget_s=seconds, tolerance=0.0, min_samples=min_samples), samples)
    return samples


class PlainTimer:
    """torch.utils.benchmark.Timer in a process that nothing of ours has touched."""

    def __init__(self, name: str, batch_size: int) -> None:
        command = [sys.executable, "-P", str(PLAIN), name, str(batch_size), str(NUM_THREADS)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("MALLOC_", "GLIBC_"))}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._read() == "ready\n"

    def _read(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def times(self, seconds: float) -> list[float]:
        """Milliseconds of steps over so many seconds; it sleeps between two questions."""
        assert self.process.stdin
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return json.loads(self._read())

    def __enter__(self) -> PlainTimer:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def by_turns(one: Callable[[], list[float]], other: Callable[[], list[float]]) -> tuple[float, float]:
    """How far `one` is from `other`, in median and minimum, after several short turns of each."""
    turns = [(one(), other()) for _ in range(BURSTS)]
    first, second = ([value for turn in turns for value in turn[side]] for side in (0, 1))
    return median(first) / median(second) - 1, min(first) / min(second) - 1


@pytest.mark.parametrize("batch_size", [1, 32])
@pytest.mark.parametrize("name", MODELS)
def test_medians_agree_with_torchs_timer_within_5_percent_and_minima_within_3(name, batch_size):
    step = make_step(name, batch_size)
    seconds = burst_seconds(step)
    with PlainTimer(name, batch_size) as timer:
        rounds = [by_turns(partial(ours, step, seconds), partial(timer.times, seconds)) for _ in range(ROUNDS)]
    shown = ", ".join(f"{middle:+.1%}/{least:+.1%}" for middle, least in rounds)
    print(f"\n{name} batch {batch_size}, ours beside Timer, median/min by round: {shown}")
    assert sum(abs(middle) < 0.05 and abs(least) < 0.03 for middle, least in rounds) >= ROUNDS - 1


@pytest.mark.skipif(not TIMM_SCRIPT, reason="TIMM_BENCHMARK names no script")
@pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_large_100"])
def test_minima_agree_with_timms_benchmark_within_10_percent(name):
    spec = spec_from_file_location("timm_benchmark", TIMM_SCRIPT)
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    runner = script.InferenceBenchmarkRunner(
        name, device="cpu", batch_size=8, num_warm_iter=5, num_bench_iter=NUM_TIMM, img_size=224
    )
    step = make_step(f"timm/{name}", 8)
    _, least = by_turns(partial(ours, step, BURST_S, NUM_TIMM), partial(timms, runner))
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
