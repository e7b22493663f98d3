"""What the commands that ask a stored run have in common: an example that runs, and no need of torch."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest

from harness.cli.main import main
from tests.results.runs import trial
from tests.results.samples import stored_run
from tests.source import ROOT

COMMANDS = ["compare", "recommend", "ensemble", "classes", "hard", "curves", "table", "report"]
NEEDLESS = {"torch", "torchvision", "timm"}
# As where they are not installed: to look for them finds nothing, and to import them fails.
WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "timm"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from harness.cli.main import main
sys.exit(main())
"""
# What is printed by what shows no model itself.
SHOWN = {"report": "report.html"}
TIMES = {"cpu_infer_step_time": (20.0, 20.1, 20.2, 20.3), "cpu_train_step_time": (50.0, 50.1)}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A folder in which `results/runs` holds a run of the models that the examples name."""
    trials = [trial("resnet18", 1, wrong=range(80), **TIMES), trial("fc_model", 1, wrong=range(200), **TIMES)]
    counts = ((0, 0, 900), (0, 1, 100))
    epochs = ({"epoch": 0, "train_loss": 1.0, "eval_loss": 1.0, "eval_top1": 90.0},)
    trials = [(replace(record, confusion_counts=counts, history=epochs), arrays) for record, arrays in trials]
    store = stored_run(tmp_path / "results" / "runs", trials)
    monkeypatch.chdir(tmp_path)
    return store


def example(capsys, command):
    """The example with which --help ends, as its words."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    last = capsys.readouterr().out.rstrip().splitlines()[-1]
    assert last.startswith(f"example: harness {command} ")
    return shlex.split(last)[2:]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_an_example_that_runs(run, capsys, command):
    words = example(capsys, command)
    assert main(words) in (0, 1)
    done = capsys.readouterr()
    assert done.err == ""
    assert SHOWN.get(command, "resnet18") in done.out


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("how", [["-X", "importtime", "-m", "harness"], ["-c", WITHOUT]], ids=["at hand", "missing"])
def test_torch_is_not_loaded_and_not_missed(run, capsys, command, how):
    words = example(capsys, command)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *how, *words], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode in (0, 1), done.stderr
    assert SHOWN.get(command, "resnet18") in done.stdout
    rows = [line.split("|") for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert {row[2].strip().partition(".")[0] for row in rows} & NEEDLESS == set()
    assert bool(rows) == ("importtime" in how)
