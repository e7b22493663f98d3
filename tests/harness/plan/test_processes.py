"""What cannot be meant together with several processes has its line, before anything is opened."""

from __future__ import annotations

import pytest

from harness.cli.main import main
from harness.machine.device_names import device_of_rank


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (
            ["--nproc", "3", "--batch-size", "2"],
            "--nproc 3 shares every batch, and --batch-size 2 has no image for each",
        ),
        (["--nproc", "2", "--torchcompile"], "--nproc 2 and --torchcompile exclude each other: a compiled model"),
        (["--nproc", "2", "--exact"], "--nproc 2 and --exact exclude each other: the sums over several processes"),
        (["--nproc", "2", "--no-isolation"], "--nproc 2 and --no-isolation exclude each other: the processes of a"),
        (
            ["--nproc", "2", "--feature-views", "3"],
            "--nproc 2 and --feature-views exclude each other: several processes",
        ),
        (
            ["--nproc", "2", "--engine", "ray"],
            "--engine ray and --nproc exclude each other: a task of Ray has the place",
        ),
        (["--nproc", "2", "--jobs", "2"], "--jobs and --nproc exclude each other: each worker has one device"),
        (["--nproc", "0"], "argument --nproc: 0 is out of range: from 1 to 64"),
    ],
)
def test_what_excludes_several_processes_is_said_in_one_line(tmp_path, capsys, options, cause):
    arguments = ["run", "--plugins", "fc_model", "--output", str(tmp_path), *options]
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert cause in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_more_processes_than_devices_are_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("harness.machine.devices.count", lambda kind: 2 if kind == "cuda" else 0)
    arguments = ["run", "--plugins", "fc_model", "--output", str(tmp_path), "--nproc", "2", "--device", "cuda:1"]
    assert main(arguments) == 3
    assert "--nproc 2 wants a CUDA device for each process; there are 1 from cuda:1 on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("device", "rank", "own"),
    [("cpu", 1, "cpu"), ("cuda", 0, "cuda:0"), ("cuda", 2, "cuda:2"), ("cuda:1", 2, "cuda:3")],
)
def test_each_process_has_its_own_device_from_the_trials_on(device, rank, own):
    assert device_of_rank(device, rank) == own
