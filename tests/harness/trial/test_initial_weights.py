"""A run notices a builder that seeds torch by itself: all seeds then begin with the same weights."""

from __future__ import annotations

import pytest
from torch import nn

import harness
from harness.training.features import has_body

PLUGIN = """
import torch, zoo
from torch import nn

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/seeded", build=seeded)
    yield zoo.ModelSpec(name="mine/quietly-seeded", build=quietly)
    yield zoo.ModelSpec(name="mine/linear", build=lambda task: nn.Sequential(nn.Flatten(), nn.Linear(64, 10)))

def seeded(task):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Linear(8, 10))

def quietly(task):
    with torch.random.fork_rng():
        net = seeded(task)
    net[2] = nn.Linear(8, 10)
    return net
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeded")
    (folder / "seeding.py").write_text(PLUGIN)
    quick = {"epochs": 1, "seeds": 2, "device": "cpu", "time_budget": 0.01, "isolation": False, "quiet": True}
    names = ["mine/*", "mlp-small"]
    return harness.run(names, dataset="digits", plugins=[folder / "seeding.py"], output=folder / "runs", **quick)


@pytest.mark.once
def test_models_whose_seeds_all_begin_alike_are_named(run):
    starts = {}
    for record in run.store.records():
        starts.setdefault(record.model, set()).add(record.facts["initial_sha256"])
    alike = {model for model, hashes in starts.items() if len(hashes) == 1}
    assert alike == {"mine/seeded", "mine/quietly-seeded"}
    (line,) = [line for line in run.text().splitlines() if line.startswith("The same weights from every seed: ")]
    assert "mine/seeded" in line
    assert "mine/quietly-seeded" in line
    assert "linear" not in line


def test_a_model_that_is_all_head_has_no_body():
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    assert not has_body(model, ("1",))
    assert has_body(nn.Sequential(model, nn.Linear(2, 2)), ("1",))
