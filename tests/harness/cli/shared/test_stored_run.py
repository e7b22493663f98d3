"""What the commands that ask a stored run have in common: an example that runs, and no need of torch."""

from __future__ import annotations

import json
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
# Each command in turn, as where they are not installed (to look for them finds nothing, and to import them fails) or at
# hand; for each its exit code, what it printed, and which of them it has loaded.
ASK = """
import io, json, sys
from contextlib import redirect_stdout

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {needless}:
            raise ModuleNotFoundError(name)

if {missing}:
    sys.meta_path.insert(0, Missing())
from harness.cli.main import main

answers = []
for words in json.loads(sys.argv[1]):
    with redirect_stdout(io.StringIO()) as printed:
        code = main(words)
    answers.append([code, printed.getvalue(), sorted({needless} & sys.modules.keys())])
print(json.dumps(answers))
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


@pytest.mark.parametrize(
    "missing", [pytest.param(False, id="at hand", marks=pytest.mark.once), pytest.param(True, id="missing")]
)
def test_torch_is_not_loaded_and_not_missed(run, capsys, missing):
    asked = [example(capsys, command) for command in COMMANDS]
    program = ASK.format(needless=NEEDLESS, missing=missing)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program, json.dumps(asked)], capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    for command, (code, printed, loaded) in zip(COMMANDS, json.loads(done.stdout), strict=True):
        assert (command, code in (0, 1), loaded) == (command, True, [])
        assert SHOWN.get(command, "resnet18") in printed
