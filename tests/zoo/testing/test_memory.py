"""How much memory a check takes: large models are checked on small machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

PLUGIN = """
import zoo

def build(task):
    from torch import nn

    net = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(task.channels * task.image_size ** 2 // 4, 1024))
    for _ in range(63):
        net.extend([nn.ReLU(), nn.Linear(1024, 1024)])
    return net.append(nn.Linear(1024, task.num_classes))

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/wide", build=build, input=zoo.InputSpec(channels=1))
"""
MEBIBYTES = 4 * 64 * 1024**2 // 2**20  # of its weights: images of 64 px make the first layer as large as the others
CHECK = f"""
import json, sys
import torch
from harness.isolation.child_process import limit_memory
from zoo.testing.kit import Session
from zoo.testing.parametrise import subjects

torch.set_num_threads(1)
(subject,) = subjects(["mine/wide"], [sys.argv[1]])
torch.randn(8, 8, requires_grad=True).sum().backward()  # what this loads is none of the model
limit_memory({29 * MEBIBYTES // 10})
print(json.dumps([result.status + " " + result.cause for result in Session(subject).results()]))
"""

pytestmark = pytest.mark.once


def test_a_check_holds_two_copies_of_a_model_and_no_third(tmp_path):
    plugin = tmp_path / "wide.py"
    plugin.write_text(PLUGIN)
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "1000000"}  # what is freed is free at once, with no gaps
    environment["RUST_BACKTRACE"] = "0"  # safetensors hangs where it writes one without memory
    words = [sys.executable, "-c", CHECK, str(plugin)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [text for text in json.loads(done.stdout.splitlines()[-1]) if text.startswith("failed")] == []
