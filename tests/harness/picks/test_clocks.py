"""Models are timed from random weights, each in a process of its own; what goes wrong costs only itself."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from harness.machine.oom import KILLED
from harness.picks.clocks import clocked
from harness.plan.config import Numerics, TimingConfig, flat, grouped

TIMING = TimingConfig(batch_size=2, budget_s=0.0, train=False, numerics=Numerics(num_threads=1))
PLUGIN = """
import os, time
import torch, zoo
from torch import nn

class Slow(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.head = nn.Linear(3, task.num_classes)

    def forward(self, images):
        time.sleep(0.02)
        return self.head(images.mean((2, 3)))

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/slow", build=Slow, weights=("far_away",))
    yield zoo.ModelSpec(name="mine/crash", build=lambda task: os.abort())
    yield zoo.ModelSpec(name="mine/full", build=lambda task: print("std::bad_alloc", flush=True) or os.abort())
    yield zoo.ModelSpec(name="mine/killed", build=lambda task: os.kill(os.getpid(), 9))
    yield zoo.ModelSpec(name="mine/hang", build=lambda task: time.sleep(60))
    yield zoo.ModelSpec(name="mine/wrong", build=lambda task: 1 / 0)
"""


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """What came of each model of the plugin, by name."""
    file = tmp_path_factory.mktemp("plugin") / "mine.py"
    file.write_text(PLUGIN)
    usual = {"timing": TIMING, "plugins": [str(file)], "num_classes": 5}
    ended = clocked({f"mine/{name}": 32 for name in ("slow", "crash", "full", "killed", "wrong")}, "cpu", **usual)
    endless = clocked({"mine/hang": 32}, "cpu", **usual, limit_s=2.0)
    return {one.model: one for one in (*ended, *endless)}


def test_a_model_that_sleeps_20_ms_takes_20_ms(timed):
    slow = timed["mine/slow"]
    assert (slow.status, slow.error) == ("ok", "")
    assert 20 <= slow.ms < 40
    assert slow.low <= slow.ms <= slow.high


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("mine/crash", "failed", "build: crashed with SIGABRT"),
        ("mine/full", "oom", "build: out of memory: std::bad_alloc"),
        ("mine/killed", "failed", f"build: {KILLED}"),
        ("mine/hang", "timeout", "(start|build): not done within 2 s"),
        ("mine/wrong", "failed", "build: ZooError: mine/wrong: cannot be built: ZeroDivisionError: division by zero"),
    ],
)
def test_what_goes_wrong_with_a_model_costs_only_itself(timed, name, status, error):
    one = timed[name]
    assert (one.status, one.ms) == (status, None)
    assert re.fullmatch(error, one.error)


@pytest.mark.parametrize("timing", [TIMING, replace(TIMING, numerics=Numerics(amp=True, channels_last="on"))])
def test_the_conditions_of_the_timing_reach_the_child_as_they_are(timing):
    assert TimingConfig(**grouped(flat(timing))) == timing
