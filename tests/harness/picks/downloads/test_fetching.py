"""`harness fetch`: each file of a plan, into a cache or a folder; what cannot be had is a line and an exit code."""

from __future__ import annotations

import hashlib

import pytest
import torch
from torchvision import models

from harness.cli.main import main
from harness.picks.listing.weights_plan import fetch_list
from tests.harness.picks.made import candidate
from tests.zoo.libraries.http_stand_in import serving
from zoo.weights import Weights

MODEL, TAG = "squeezenet1_1", "IMAGENET1K_V1"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with the weights of one model of torchvision's, and an empty cache; gives the weights."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    state = models.squeezenet1_1().state_dict()
    torch.save(state, tmp_path / "net.pth")
    body = (tmp_path / "net.pth").read_bytes()
    name = f"/net-{hashlib.sha256(body).hexdigest()[:8]}.pth"
    with serving({name: body}) as server:
        monkeypatch.setattr(models.SqueezeNet1_1_Weights.IMAGENET1K_V1.value, "url", f"{server.url}{name}")
        yield state


def planned(tmp_path, *candidates):
    path = tmp_path / "plan.json"
    path.write_bytes(fetch_list(candidates))
    return str(path)


def test_weights_come_into_the_cache_and_what_cannot_be_had_is_a_line(host, tmp_path, capsys):
    plan = planned(tmp_path, candidate(MODEL, tag=TAG), candidate("resnet17", tag="V1"))
    assert main(["fetch", plan]) == 1
    first, second, last = capsys.readouterr().out.splitlines()
    (file,) = (tmp_path / "hub" / "checkpoints").iterdir()
    assert first == f"1/2  {MODEL}.{TAG}  4.7 MiB  {file}"
    assert second.startswith("2/2  resnet17.V1  failed: unknown plugin 'resnet17'")
    assert last == "1 file, 4.7 MiB; 1 failed"


def test_weights_come_into_a_folder_in_the_format_and_under_the_name_that_a_pick_looks_for(host, tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.checkpoints.reading.SAFE_TORCH", (2, 0))  # as newer ones than the oldest of tox
    assert main(["fetch", planned(tmp_path, candidate(MODEL, tag=TAG)), "--weights-dir", str(tmp_path / "stick")]) == 0
    (file,) = (tmp_path / "stick").iterdir()
    assert file.name == f"{MODEL}.{TAG}.safetensors"
    tensors = Weights(path=str(file)).load()[0].tensors
    assert all(torch.equal(tensors[name], tensor) for name, tensor in host.items())


def test_a_plan_that_is_none_is_a_wrong_argument(tmp_path, capsys):
    assert main(["fetch", str(tmp_path / "none.json")]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err
