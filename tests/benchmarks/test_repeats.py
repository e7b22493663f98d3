"""`harness time` on a loaded machine, and how long it takes: minutes, `pytest -m slow -s` on this file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import pytest

NAMES = "resnet18,resnet50,densenet121"
REPEATS = 5

pytestmark = pytest.mark.slow


def timed(*options: str) -> dict[str, dict]:
    command = [sys.executable, "-m", "harness", "time", NAMES, "--device", "cpu", "--json", *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {row["model"]: row for row in json.loads(done.stdout)}


@contextmanager
def one_busy_core() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as spinner:
        try:
            yield
        finally:
            spinner.kill()


def test_on_a_loaded_machine_the_order_holds_and_what_moved_was_flagged():
    with one_busy_core():
        runs = [timed() for _ in range(REPEATS)]
    orders = [sorted(run, key=lambda name: run[name]["infer_step_time"]) for run in runs]
    for run in runs:
        for name, row in run.items():
            print(f"{name:12} {row['infer_step_time']:7.1f} {row['train_step_time']:7.1f} ms {row['verdict']}")
    assert orders == [orders[0]] * REPEATS
    for name in orders[0]:
        moved = False
        for column in ("infer_step_time", "train_step_time"):
            times = [run[name][column] for run in runs]
            moved |= max(times) > 1.05 * min(times)
        if moved:
            assert [run[name]["verdict"] for run in runs] == ["noisy"] * REPEATS


def test_three_models_at_default_settings_take_under_a_minute_on_an_idle_machine():
    start = perf_counter()
    rows = timed()
    took = perf_counter() - start
    print(f"\n{took:.0f} s, verdicts {[row['verdict'] for row in rows.values()]}")
    assert took < 60
