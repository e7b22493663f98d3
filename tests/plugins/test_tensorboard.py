"""What TensorBoard's own reader finds in the files of a run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.cli.main import main
from harness.runs.loggers.run_loggers import RunLoggers
from results.store.run_store import RunStore
from tests.harness.runs.loggers.paper_run import logged, loggers_of, new_store, record_of, row, trial, whole_trial

pytest.importorskip("tensorboard")

TALKING = """
import os
import zoo

class Talking:
    def __init__(self, folder, run):
        print("opened")
    def epoch(self, event):
        os.write(1, b"an epoch\\n")
    def trial(self, event):
        os.system("echo a trial")
    def close(self):
        print("closed")

@zoo.hookimpl
def zoo_loggers():
    yield zoo.LoggerSpec(name="talking", open=Talking)
"""


def read(store, name="net@s1"):
    """Scalars by tag, as (step, value)."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(store.path / "logs/tensorboard" / name))
    events.Reload()
    return events, {tag: [(one.step, one.value) for one in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_the_files_of_a_run_hold_what_its_records_hold_and_once(tmp_path, capsys, monkeypatch):
    stops = []
    monkeypatch.setattr(RunLoggers, "stop", lambda loggers: stops.append(len(loggers.processes)))
    options = ["--epochs", "2", "--time-budget", "0", "--device", "cpu", "--output", str(tmp_path / "runs")]
    loggers = ["--logger", "tensorboard", "--logger", "talking"]
    (tmp_path / "talking.py").write_text(TALKING)
    given = ["-p", str(tmp_path / "talking.py"), "run", "--plugins", "fc_model", "--json", *options, *loggers]
    assert main(given) == 0
    seen = capsys.readouterr()
    assert json.loads(seen.out)["rows"][0]["model"] == "fc_model"
    assert "logging  tensorboard in " in seen.err
    assert stops == [2] * 4  # twice as the trial is delivered, as it is timed, and before the later rounds
    store = RunStore.find(None, tmp_path / "runs")
    assert_holds(store)
    assert main(["resume", "--output", str(tmp_path / "runs")]) == 0  # with the plugin and the loggers of the run
    assert "logging  talking in " in capsys.readouterr().err
    assert_holds(store)


def assert_holds(store):
    (record,) = store.records()
    _, scalars = read(store, "fc_model@s1")
    names = {"epoch/train_loss": "train_loss", "epoch/val_loss": "eval_loss", "epoch/lr": "lr"}
    for tag, name in names.items():
        assert scalars[tag] == [(one["epoch"] + 1, np.float32(one[name])) for one in record.history]
    # Of the record as later rounds of timing left it, and each figure once.
    expected = {f"trial/{one.name}": [(3, np.float32(one.median))] for one in record.measurements}
    assert {tag: value for tag, value in scalars.items() if tag.startswith("trial/")} == expected
    assert len(scalars["epoch/train_images_per_sec"]) == len(scalars["epoch/val_top1_err"]) == 2
    assert scalars["epoch/val_top1_err"][-1][1] == pytest.approx(record.measured("val_top1_err").median)


@pytest.mark.once
def test_a_resumed_run_goes_on_without_doubles(tmp_path):
    store = new_store(tmp_path)
    logged(store, loggers_of(None, "tensorboard"), lambda loggers: loggers.epoch(trial(), row(0, 7.0), 100))
    _, deal = whole_trial(store, trial(), [row(0, 7.0), row(1, 6.0)])
    logged(store, loggers_of(None, "tensorboard"), deal)
    store.extend(record_of(trial(), [row(0, 7.0), row(1, 6.0)], times=(20.0, 21.0, 22.0)))
    logged(store, loggers_of(None, "tensorboard"), lambda loggers: loggers.record(trial(), 100))
    _, scalars = read(store)
    assert scalars["epoch/train_loss"] == [(1, 7.0), (2, 6.0)]
    assert scalars["trial/cpu_infer_step_time"] == [(3, 21.0)]


def test_a_trials_options_are_on_the_page_of_hyperparameters(tmp_path):
    from tensorboard.plugins.hparams import plugin_data_pb2

    store = new_store(tmp_path)
    _, deal = whole_trial(store, trial(), [row(0)])
    logged(store, loggers_of(None, "tensorboard"), deal)
    events, _ = read(store)
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    options = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    assert (options["lr"].number_value, options["opt"].string_value) == (0.001, "adamw")
    assert (options["model"].string_value, options["status"].string_value) == ("net", "ok")
