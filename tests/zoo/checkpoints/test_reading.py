"""What a file may hold: tensors and plain settings, of whatever tool. Nothing in it is executed or imported."""

from __future__ import annotations

import argparse
import datetime
import pathlib
import sys
import types
from collections import defaultdict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from zoo.checkpoints.reading import read
from zoo.errors import ZooError

STATE = {"0.weight": torch.ones(2, 3), "0.bias": torch.zeros(2)}
SETTINGS = {
    "options": argparse.Namespace(lr=0.1, output=pathlib.PurePosixPath("out"), decay=None),
    "a plain namespace": types.SimpleNamespace(lr=0.1),
    "a path": pathlib.Path("out"),
    "a path of another system": pathlib.PureWindowsPath("C:/out"),
    "scores": [np.float64(76.5), np.int64(3), np.arange(3)],
    "a date": datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    "a defaultdict": defaultdict(list, losses=[0.5]),
    "nested": {"args": argparse.Namespace(inner=argparse.Namespace(path=pathlib.Path("a")))},
}


@pytest.fixture
def safe_torch(monkeypatch):
    """Lets the oldest torch that tox runs read .pt files too, as newer ones do."""
    monkeypatch.setattr("zoo.checkpoints.reading.SAFE_TORCH", (2, 0))


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("in_a_zip", [True, False])
def test_plain_settings_beside_the_tensors_are_no_hindrance(tmp_path, safe_torch, settings, in_a_zip):
    content = {"model": STATE, "args": settings}
    torch.save(content, tmp_path / "net.pt", _use_new_zipfile_serialization=in_a_zip)
    loaded, words = read(tmp_path / "net.pt")
    assert torch.equal(loaded["model"]["0.weight"], STATE["0.weight"])
    assert words == {}


@pytest.mark.parametrize(
    ("base", "place", "name"),
    [(dict, "lightning.fabric.utilities.data", "AttributeDict"), (object, "omegaconf.dictconfig", "DictConfig")],
)
def test_settings_of_a_library_that_is_not_here_are_read_over(tmp_path, safe_torch, monkeypatch, base, place, name):
    modules = [place.rsplit(".", times)[0] for times in range(place.count(".") + 1)]
    with monkeypatch.context() as patch:
        for module in modules:
            patch.setitem(sys.modules, module, types.ModuleType(module))
        kind = type(name, (base,), {"__module__": place})
        setattr(sys.modules[place], name, kind)
        settings = kind({"lr": 0.1}) if base is dict else kind()
        vars(settings).update({} if base is dict else {"lr": 0.1})
        torch.save({"state_dict": STATE, "hyper_parameters": settings}, tmp_path / "net.ckpt")
    assert read(tmp_path / "net.ckpt")[0]["state_dict"].keys() == STATE.keys()


def test_no_setting_is_made_into_what_it_was(tmp_path, safe_torch):
    allowed = set(torch.serialization.get_safe_globals())
    torch.save({"args": argparse.Namespace(lr=0.1)}, tmp_path / "net.pt")
    settings = read(tmp_path / "net.pt")[0]["args"]
    assert type(settings) is not argparse.Namespace
    assert vars(settings) == {}
    assert set(torch.serialization.get_safe_globals()) == allowed


@pytest.mark.parametrize("whole", [nn.Linear(3, 2), {"model": STATE, "criterion": nn.CrossEntropyLoss()}])
def test_a_module_is_named_and_the_remedy_is_to_save_its_tensors(tmp_path, safe_torch, whole):
    torch.save(whole, tmp_path / "net.pt")
    with pytest.raises(ZooError, match=r"net\.pt cannot be read: it holds torch\.nn\.modules\.\S+, which") as caught:
        read(tmp_path / "net.pt")
    assert caught.value.remedy.startswith("save model.state_dict() by itself")


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_truncated_file_is_refused(tmp_path, safe_torch, suffix):
    path = tmp_path / f"net.{suffix}"
    save_file(STATE, path) if suffix == "safetensors" else torch.save(STATE, path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ZooError, match="cannot be read") as caught:
        read(path)
    assert "truncated" in caught.value.remedy


@pytest.mark.parametrize("suffix", [".pt", ".bin", ".ckpt", ""])
def test_an_old_torch_reads_safetensors_only_and_names_the_file_s_own_kind(tmp_path, monkeypatch, suffix):
    torch.save(STATE, tmp_path / f"net{suffix}")
    save_file(STATE, tmp_path / "net.safetensors", metadata={"versions": "{}"})
    monkeypatch.setattr(torch, "__version__", "2.9.1+cpu")
    with pytest.raises(ZooError, match=rf"torch 2\.9\.1\+cpu loads no {suffix or 'such'} file safely"):
        read(tmp_path / f"net{suffix}")
    content, words = read(tmp_path / "net.safetensors")
    assert (content.keys(), words) == (STATE.keys(), {"versions": "{}"})
