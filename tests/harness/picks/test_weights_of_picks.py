"""Picks of timm's smallest models whose weights lie in a folder: found, damaged, missing."""

from __future__ import annotations

import csv
import zlib

import pytest
import timm
import torch
from safetensors.torch import save_file

from harness.cli.main import main
from results.store.run_store import RunStore

MODELS = ("test_resnet", "test_efficientnet", "test_byobnet", "test_convnext")
TAG = "r160_in1k"


def folder_of_weights(folder):
    """Random weights of all but the last; those of the second are cut short."""
    folder.mkdir()
    for name in MODELS[:-1]:
        torch.manual_seed(zlib.crc32(name.encode()))
        save_file(timm.create_model(name).state_dict(), folder / f"{name}.{TAG}.safetensors")
    torn = folder / f"{MODELS[1]}.{TAG}.safetensors"
    torn.write_bytes(torn.read_bytes()[:1000])
    return folder


@pytest.mark.slow
@pytest.mark.skipif("test_convnext" not in timm.list_models("test_*"), reason="this timm has no test models")
def test_weights_of_a_folder_are_tried_and_what_is_damaged_or_missing_is_a_line(tmp_path, capsys):
    arguments = ["pick", "--offline", "--weights-dir", str(folder_of_weights(tmp_path / "weights"))]
    arguments += ["--models", ",".join(f"timm/{name}" for name in MODELS), "--device", "cpu", "--num-threads", "1"]
    arguments += ["--time-budget", "0.01", "--seeds", "1", "--output", str(tmp_path / "runs"), "--log", "plain"]
    assert main(arguments) == 0
    screen = capsys.readouterr()
    (folder,) = (tmp_path / "runs").glob("[!_]*")
    with (folder / "pick.csv").open() as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    of = {name: rows[f"timm/{name}.{TAG}"] for name in MODELS}
    assert [of[name]["stage"] for name in MODELS] == ["finals", "probe 1", "finals", "weights"]
    assert "could not be loaded" in of["test_efficientnet"]["reason"]
    assert of["test_convnext"]["reason"] == "its weights are not here (--offline)"
    assert "offline  local 3 of 4; missing 1.0 MiB" in screen.err
    assert ", as frozen features: test error" in screen.out
    records = RunStore.open(folder).records()
    assert {(record.model, record.facts["weights"]) for record in records} == {
        (f"timm/{name}.{TAG}", TAG) for name in ("test_resnet", "test_byobnet")
    }
