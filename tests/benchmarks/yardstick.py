"""Times as ratios to something measured beside them: the only figure that means the same on every machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

BASELINE = Path(__file__).with_name("baseline.json")
SLACK = 1.5


def run(command: Sequence[str]) -> None:
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)


def seconds(command: Sequence[str]) -> float:
    start = perf_counter()
    run(command)
    return perf_counter() - start


def ratio(command: Sequence[str], yardstick: Sequence[str], rounds: int = 15) -> float:
    """Median time of `command` over that of `yardstick`, both Python command lines, run by turns."""
    pairs = [(seconds(command), seconds(yardstick)) for _ in range(rounds)]
    return median(pair[0] for pair in pairs) / median(pair[1] for pair in pairs)


def slower_than_saved(name: str, measured: float) -> str:
    """Why this ratio is a step back from the saved one; empty where it is none. `BENCH_SAVE=1` saves it instead."""
    saved = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.is_file() else {}
    if os.environ.get("BENCH_SAVE"):
        text = json.dumps(saved | {name: round(measured, 2)}, indent=1, sort_keys=True)
        BASELINE.write_text(text + "\n", encoding="utf-8")
        return ""
    limit = SLACK * saved.get(name, float("inf"))
    return f"{name}: ratio {measured:.2f}, saved {saved[name]:.2f}" if measured > limit else ""
