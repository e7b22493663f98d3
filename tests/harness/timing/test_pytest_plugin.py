"""External plugins time their own models with the fixture `benchmark_model`."""

from __future__ import annotations

# pytester forgets the modules that an inner run imports, and what lies behind torch's first optimizer must not be
# imported twice in a process.
import torch._dynamo  # noqa: F401

pytest_plugins = ["harness.timing.pytest_plugin", "pytester"]

SLOW = """
import time
import zoo
from torch import nn

pytest_plugins = ["harness.timing.pytest_plugin"]

class Sleep(nn.Module):
    def forward(self, images):
        time.sleep(0.02)
        return images

def build(task):
    return nn.Sequential(Sleep(), nn.Flatten(), nn.Linear(3 * 64, task.num_classes))

SPEC = zoo.ModelSpec(name="mine/sleepy", build=build)

def test_sleepy(benchmark_model):
    for_inference = benchmark_model(SPEC, img_size=8, rounds=5, batch_size=2)
    assert 0.02 <= for_inference.min < 0.04
    assert len(for_inference.data) == 5

def test_training(benchmark_model):
    assert benchmark_model(SPEC, train=True, img_size=8, rounds=3).min >= 0.02
"""


def test_a_plugins_own_test_module_times_its_models(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # pytest-benchmark times nothing in a process of xdist
    pytester.makepyfile(test_mine=SLOW)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_sleepy*", "*test_training*"])
