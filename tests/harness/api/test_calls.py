"""`harness.run`, `time` and `models` as a notebook calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import harness
from harness.api.calls import PICKING
from harness.cli.main import main
from harness.plan.option_table import RUN, TIME
from harness.runs.runner import Runner
from harness.runs.signals import Terminated
from results.store.run_store import RunStore
from tests.faults.runs import PLUGIN, comparable
from tests.source import ROOT
from zoo.errors import USAGE, ZooError

QUICK = {"epochs": 1, "time_budget": 0, "device": "cpu", "num_threads": 1, "quiet": True}
NOTEBOOK = """
import threading, torch, harness
threading.Thread(target=threading.Event().wait, daemon=True).start()
torch.ones(2) + 1
run = harness.run(["fc_model", "mlp"], dataset="digits", device="cpu", epochs=1, time_budget=0)
print(run.table[["model", "top1"]])
print(run.sentence)
again = harness.run("fc_model", device="cpu", epochs=1, time_budget=0, output="others", quiet=True)
print(again.ok, len(again.checkpoints))
print("main" in globals() or __name__)
"""


@pytest.mark.once
def test_a_script_from_stdin_trains_two_models_from_an_empty_folder_and_starts_no_second_run(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, input=NOTEBOOK, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert {line.split()[1] for line in lines[1:3]} == {"fc_model", "mlp"}
    assert lines[3].startswith("Of these checkpoints, mlp is the best")
    assert lines[4:] == ["True 1", "__main__"]
    assert "plan     2 models × 1 seed = 2 trials" in done.stderr
    assert len(list((tmp_path / "results" / "runs").glob("[!_]*"))) == 1


@pytest.mark.parametrize(
    ("given", "cause", "remedy"),
    [
        ({"epocs": 3}, "harness.run has no argument 'epocs'. Did you mean epochs?", "see: help(harness.run)"),
        ({"zzz": 3}, "harness.run has no argument 'zzz'.", "see: help(harness.run)"),
        ({"epochs": "five"}, "epochs: 'five' is not a whole number", "epochs: passes over the training images, at"),
        ({"epochs": 0}, "epochs: 0 is out of range: at least 1", "epochs: passes"),
        ({"epochs": True}, "epochs: True is not a whole number", "epochs: passes"),
        ({"epochs": 1.5}, "epochs: 1.5 is not a whole number", "epochs: passes"),
        ({"seeds": None}, "seeds: None is not a whole number", "seeds: how many seeds"),
        ({"lr": [1e-3]}, "lr: a list is not a number", "lr: learning rate"),
        ({"lr": float("nan")}, "lr: nan is out of range: above 0", "lr: learning rate"),
        ({"models": 3}, "models: 3 is neither a name nor a list of names", "models: names, globs"),
        ({"models": []}, "no plugin was named", "name some: models resnet18"),
        ({"models": "resnet81"}, "unknown plugin 'resnet81'. Did you mean resnet18", "list them: harness.models("),
        ({"device": "gpu"}, "device gpu: no such kind of device. Did you mean cuda?", "use auto, cpu"),
        ({"device": 0}, "device: 0 is not the name of a device", "device: auto, cpu"),
        ({"opt": "lion"}, "opt: 'lion' is not one of sgd, adam, adamw", "opt: optimiser"),
        ({"head": 256}, "head: 256 is not a text", "head: linear"),
        ({"amp": "no"}, "amp: 'no' is neither True nor False", "see: help(harness.run)"),
        ({"data_dir": 1}, "data_dir: 1 is not a path", "data_dir: a folder of class folders; with dataset, where"),
        ({"plugins": "no.py"}, f"plugins {Path.cwd()}/no.py: no such file", "give the path"),
        ({"pretrained": True, "weights": "V1"}, "weights and pretrained exclude each other", "give one of them"),
        ({"isolation": False, "memory_limit": 9}, "memory_limit holds for a trial's own", "leave isolation=False out"),
        ({"models": "fc_model", "pretrained": True}, "fc_model has no pretrained weights", "leave it out with models"),
    ],
)
def test_a_wrong_argument_is_one_error_with_cause_and_remedy_in_pythons_words(tmp_path, given, cause, remedy):
    with pytest.raises(ZooError) as caught:
        harness.run(**{"models": "mlp", "device": "cpu", "output": tmp_path / "runs"} | given)
    error = caught.value
    assert (error.exit_code, error.cause[: len(cause)]) == (USAGE, cause)
    assert error.remedy.startswith(remedy)
    assert (str(error), error.__notes__) == (error.cause, [error.remedy])
    assert not (tmp_path / "runs").exists()


def test_python_and_the_command_line_ask_for_the_same_run(tmp_path):
    options = {"models": "fc_model", "plugins": PLUGIN, "head": "mlp:8:0.1", "seed": 3, "channels_last": "off"}
    run = harness.run(**QUICK | options, output=tmp_path / "python")
    configuration = run.store.configuration
    words = [word if word != str(tmp_path / "python") else str(tmp_path / "typed") for word in configuration["command"]]
    assert main(words) == 0
    (folder,) = (tmp_path / "typed").glob("[!_]*")
    typed = RunStore.open(folder)
    assert [configuration[key] for key in ("setup", "trials", "data")] == [
        typed.configuration[key] for key in ("setup", "trials", "data")
    ]
    assert [comparable(record) for record in run.records] == [comparable(record) for record in typed.records()]
    assert {path.name for path in run.path.iterdir()} == {path.name for path in folder.iterdir()}


def test_an_interrupted_run_is_gone_on_with_and_a_thread_may_do_it(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Runner, "carry_out", interrupt)
    with pytest.raises(KeyboardInterrupt):
        harness.run("fc_model", **QUICK, output=tmp_path)
    monkeypatch.undo()
    (folder,) = tmp_path.glob("[!_]*")
    runs = []
    thread = threading.Thread(target=lambda: runs.append(harness.run("fc_model", **QUICK, resume=folder)))
    thread.start()
    thread.join()
    assert [(run.path, run.ok, len(run.records)) for run in runs] == [(folder, True, 1)]


def test_a_signal_that_ended_a_run_goes_to_the_callers_own_handler(tmp_path, monkeypatch):
    def end(*_):
        raise Terminated(signal.SIGTERM)

    received = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    monkeypatch.setattr(Runner, "carry_out", end)
    with pytest.raises(Terminated):
        harness.run("fc_model", **QUICK, output=tmp_path)
    signal.signal(signal.SIGTERM, before)
    assert received == [signal.SIGTERM]


def test_the_callers_threads_are_as_before(tmp_path):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    harness.run("fc_model", **QUICK, output=tmp_path)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_times_have_the_columns_of_the_command_line(capsys):
    options = {"img_size": 8, "num_classes": 10, "device": "cpu", "num_threads": 1, "time_budget": 0, "detail": True}
    table = harness.time("fc_model", batch_size=[1, 2], **options)
    assert "timing 1 models on cpu, batch 2" in capsys.readouterr().err
    command = "time fc_model --batch-size 1,2 --img-size 8 --num-classes 10 --device cpu --num-threads 1"
    command += " --time-budget 0 --detail --csv --quiet"
    assert main(command.split()) == 0
    assert list(table.columns) == capsys.readouterr().out.partition("\n")[0].split(",")
    assert list(table["infer_batch_size"]) == [1, 2]


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"batch_size": [1, 1]}, "batch_size: [1, 1] names a batch size twice"),
        ({"batch_size": []}, "batch_size: [] names no batch size"),
        ({"channels_last": "on"}, "channels_last: 'on' is neither True nor False"),
        ({"device": ["cpu", "tpu"]}, "device tpu: no such kind of device."),
        ({"epochs": 3}, "harness.time has no argument 'epochs'."),
    ],
)
def test_what_cannot_be_timed_so_is_refused(given, cause):
    with pytest.raises(ZooError) as caught:
        harness.time("mlp", **given)
    assert caught.value.cause.startswith(cause)


def test_models_are_those_of_the_list(capsys):
    main(["list", "mlp*", "fc_model"])
    assert harness.models(["mlp*", "fc_model"]) == harness.models("mlp*,fc_model") == capsys.readouterr().out.split()
    assert harness.models("good/small", plugins=[PLUGIN]) == ["good/small"]
    with pytest.raises(ZooError, match=r"unknown plugin 'mpl'\. Did you mean mlp"):
        harness.models("mpl")


@pytest.mark.parametrize(("function", "options"), [(harness.run, RUN), (harness.time, TIME), (harness.pick, PICKING)])
def test_every_argument_is_documented(function, options):
    words = set(function.__doc__.replace("`", " ").replace(",", " ").split())
    named = set(function.__annotations__) - {"return"}
    assert options.keys() - words - named == set()


def test_importing_harness_loads_none_of_it():
    code = (
        "import sys, harness; print([name for name in sys.modules if name.startswith(('harness', 'zoo', 'results'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == ["harness._version", "harness.own_packages", "harness"]
