"""A whole sweep with hostile models among good ones: the good rows are those of a run without them."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path
from time import monotonic, sleep

import pytest

from results.store import RunStore
from tests.faults.runs import OPTIONS, Run, comparable, run

GOOD = ["good/tiny", "good/small", *(f"good/tiny{number}" for number in range(1, 6))]
BAD = ["bad/segfault", "bad/hang-and-ignore", "bad/eat-memory", "bad/leave", "bad/patch-the-metric"]
SWEEP_TRIALS = 200


def test_a_sweep_of_twelve_with_five_hostile_models_ends_with_the_other_seven_as_without_them(tmp_path):
    mixed = [name for pair in zip(GOOD, [*BAD, "", ""], strict=True) for name in pair if name]
    harmed = run(tmp_path / "harmed", ",".join(mixed), "--trial-timeout", "3", "--memory-limit", "600")
    clean = run(tmp_path / "clean", ",".join(GOOD))
    assert (harmed.code, clean.code, len(harmed.records)) == (1, 0, 12)
    assert sorted(name for name, record in harmed.records.items() if record.status == "ok") == sorted(GOOD)
    for name in GOOD:
        assert comparable(harmed.records[name]) == comparable(clean.records[name])
