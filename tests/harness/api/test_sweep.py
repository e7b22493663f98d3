from __future__ import annotations

import argparse
import csv
import io
import json

import pytest
import torch
from torch import nn

from harness.api import sweep
from harness.cli.commands import time as command
from harness.machine import devices
from zoo.discovery import Zoo
from zoo.errors import ZooError
from zoo.specs import InputSpec, ModelSpec


def tiny(task):
    return nn.Sequential(nn.Flatten(), nn.Linear(task.channels * task.image_size**2, task.num_classes))


def broken(task):
    raise RuntimeError("no such layer")


SPECS = (
    ModelSpec(name="tiny", build=tiny, input=InputSpec(size=8)),
    ModelSpec(name="broken", build=broken),
    ModelSpec(name="absent", build=tiny, requires=("no_such_module",)),
)
ZOO = Zoo(models={spec.name: (spec, "test") for spec in SPECS}, datasets={}, plugins=(), manager=None)


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.execute(
        parser.parse_args([*words, "--time-budget", "0", "--device", "cpu", "--num-threads", "1"]), ZOO
    )


def test_json_rows_sweep_the_batch_sizes(capsys):
    assert run("tiny", "--json", "--batch-size", "1,4", "--num-classes", "7") == 0
    captured = capsys.readouterr()
    first, second = json.loads(captured.out)
    assert (first["infer_batch_size"], second["infer_batch_size"]) == (1, 4)
    assert first["infer_img_size"] == 8
    assert first["param_count"] == round((3 * 64 + 1) * 7 / 1e6, 4)
    assert first["train_step_time"] > 0
    assert "timing 1 models on cpu, batch 4, float32" in captured.err


def test_csv_keeps_stdout_clean_and_quiet_silences_progress(capsys):
    assert run("tiny", "--csv", "--quiet", "--no-train", "--img-size", "4") == 0
    captured = capsys.readouterr()
    (row,) = csv.DictReader(io.StringIO(captured.out))
    assert (row["model"], row["infer_img_size"], row["status"]) == ("tiny", "4", "ok")
    assert "train_step_time" not in row
    assert captured.err == ""


def test_a_model_that_cannot_be_built_has_a_row_and_exit_code_1(capsys):
    assert run("tiny,broken", "--quiet", "--no-train") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[1] == "tiny"
    assert lines[-1] == "failed: broken: cannot be built: RuntimeError: no such layer"


def test_a_missing_library_ends_with_its_remedy():
    with pytest.raises(ZooError, match="absent needs no_such_module"):
        run("absent")


def test_detail_has_raw_samples_and_the_parts_of_a_step(capsys):
    run("tiny", "--json", "--detail", "--quiet")
    (row,) = json.loads(capsys.readouterr().out)
    assert len(row["infer_step_times"]) == row["infer_samples"] >= 5
    assert {"train_forward_time", "train_backward_time", "train_optimizer_time", "train_first_step_time"} <= set(row)


def test_many_models_are_timed_a_few_at_a_time(monkeypatch, capsys):
    groups = []
    together = sweep.time_together

    def counting(entries, *rest, **more):
        groups.append(len(entries))
        return together(entries, *rest, **more)

    monkeypatch.setattr(sweep, "time_together", counting)
    monkeypatch.setattr(sweep, "GROUP", 1)
    names = {name: (ModelSpec(name=name, build=tiny, input=InputSpec(size=4)), "test") for name in "abc"}
    monkeypatch.setitem(globals(), "ZOO", Zoo(models=names, datasets={}, plugins=(), manager=None))
    run("a,b,c", "--quiet", "--no-train", "--csv")
    assert groups == [1, 1, 1]


def test_auto_times_the_cpu_and_the_accelerator(monkeypatch):
    monkeypatch.setattr(devices, "count", lambda kind: 1 if kind == "cuda" else 0)
    assert sweep.wanted_devices("auto") == [torch.device("cpu"), torch.device("cuda")]
    assert sweep.wanted_devices("cuda,cpu") == [torch.device("cuda"), torch.device("cpu")]
    monkeypatch.setattr(devices, "count", lambda kind: 0)
    assert sweep.wanted_devices("auto") == [torch.device("cpu")]


@pytest.mark.parametrize("sizes", ["0", "a", "1,1", "-3"])
def test_batch_sizes_that_cannot_be_meant_are_refused(sizes, capsys):
    with pytest.raises(SystemExit):
        run("tiny", "--batch-size", sizes)


def test_work_that_cannot_be_counted_is_left_blank_and_said(monkeypatch, capsys):
    monkeypatch.setattr(sweep, "count", lambda *_: 1 / 0)
    assert run("tiny", "--json", "--batch-size", "1") == 0
    captured = capsys.readouterr()
    assert "infer_gmacs" not in json.loads(captured.out)[0]
    assert "tiny: its multiply-adds cannot be counted (ZeroDivisionError: division by zero)" in captured.err
