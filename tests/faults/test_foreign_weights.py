"""Faults 99-101: files of weights with all that other tools put around them, and without their classifier."""

from __future__ import annotations

import re

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.faults.runs import run
from tests.faults.weight_files import OPTIONS, loaded, prefixed, without
from tests.zoo.heads.networks import Plain

OPTIMIZER = {"state": {0: {"momentum_buffer": torch.ones(2)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}


@pytest.fixture(autouse=True)
def _safe_torch(monkeypatch):
    """Lets the oldest torch that tox runs read .pt files too, as newer ones do."""
    monkeypatch.setattr("zoo.checkpoints.reading.SAFE_TORCH", (2, 0))


def states():
    """A model's tensors and those of its average, which differ in every number."""
    model = Plain(4)
    average = torch.optim.swa_utils.AveragedModel(model)
    with torch.no_grad():
        for parameter in average.parameters():
            parameter += 1
    return model.state_dict(), average.state_dict()


PLAIN, AVERAGE = states()
BARE_AVERAGE = {name.removeprefix("module."): tensor for name, tensor in AVERAGE.items() if name != "n_averaged"}
FILES = {
    "torchvision": ({"model": PLAIN, "optimizer": OPTIMIZER, "epoch": 3, "args": OPTIONS}, PLAIN, "model taken"),
    "torchvision, averaged": (
        {"model": PLAIN, "model_ema": AVERAGE, "optimizer": OPTIMIZER, "epoch": 3, "args": OPTIONS},
        BARE_AVERAGE,
        "model_ema (averaged weights) taken, not model; 'module.' removed before every name; left out: n_averaged",
    ),
    "timm": (
        {"arch": "net", "state_dict": PLAIN, "state_dict_ema": BARE_AVERAGE, "args": OPTIONS, "metric": 76.5},
        BARE_AVERAGE,
        "saved as net; state_dict_ema (averaged weights) taken, not state_dict",
    ),
    "Lightning": (
        {"state_dict": prefixed(PLAIN, "model."), "hyper_parameters": {"lr": 0.1}, "epoch": 3},
        PLAIN,
        "state_dict taken; 'model.' removed before every name",
    ),
    "Lightning, with a loss that has weights": (
        {"state_dict": {**prefixed(PLAIN, "net."), "criterion.weight": torch.ones(4)}},
        PLAIN,
        "state_dict taken; 'net.' removed before every name; left out: criterion.weight",
    ),
    "any other word": ({"net": prefixed(PLAIN, "module."), "acc": 93.1}, PLAIN, None),
}
NAMES = {
    "torch.compile": ("_orig_mod.", "'_orig_mod.' removed within names"),
    "distributed": ("module.", "'module.' removed before every name"),
    "both, in a LightningModule": (
        "module._orig_mod.model.",
        "'_orig_mod.' removed within names; 'module.model.' removed before every name",
    ),
}


@pytest.mark.fault(97)
@pytest.mark.parametrize("tool", FILES)
def test_97_what_training_scripts_save_beside_the_tensors_is_read_over_and_the_choice_said(tmp_path, tool):
    content, state, notes = FILES[tool]
    built = loaded(tmp_path, content)
    assert torch.equal(built.model.body[0].weight, state["body.0.weight"])
    assert torch.equal(built.model.verdict.bias, state["verdict.bias"])
    assert notes in (None, "; ".join(built.notes))


@pytest.mark.fault(97)
def test_97_what_was_stripped_stands_in_the_record_and_on_the_screen(tmp_path, capsys):
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    save_file(prefixed(model.state_dict(), "module."), tmp_path / "net.safetensors")
    options = ("--no-isolation", "--weights", str(tmp_path / "net.safetensors"), "--img-size", "8")
    found = run(tmp_path / "runs", "good/tiny", *options, capsys=capsys)
    note = "'module.' removed before every name"
    assert (found.code, found.records["good/tiny"].facts["weights_note"]) == (0, note)
    assert re.search(rf"note: good/tiny seed 1: file:net\.safetensors@[0-9a-f]{{8}}: {re.escape(note)}", found.err)


@pytest.mark.fault(98)
@pytest.mark.parametrize("tool", NAMES)
def test_98_what_tools_put_before_names_is_removed_and_said(tmp_path, tool):
    prefix, note = NAMES[tool]
    built = loaded(tmp_path, prefixed(PLAIN, prefix))
    assert torch.equal(built.model.body[0].weight, PLAIN["body.0.weight"])
    assert "; ".join(built.notes) == note


@pytest.mark.fault(98)
def test_98_a_model_of_which_one_part_was_compiled_is_the_same_model(tmp_path):
    part = {name.replace("body.", "body._orig_mod."): tensor for name, tensor in PLAIN.items()}
    assert torch.equal(loaded(tmp_path, part).model.body[0].weight, PLAIN["body.0.weight"])


@pytest.mark.fault(99)
@pytest.mark.parametrize("own", [{}, {"verdict.1.weight": torch.ones(9, 8), "verdict.1.bias": torch.ones(9)}])
@pytest.mark.parametrize(("head", "kind"), [("linear", nn.Linear), ("mlp:16", nn.Sequential)])
def test_99_a_backbone_without_this_classifier_keeps_its_weights_and_gets_a_new_one(tmp_path, own, head, kind):
    built = loaded(tmp_path, {**without(PLAIN, "verdict."), **own}, head=head)
    assert torch.equal(built.model.body[0].weight, PLAIN["body.0.weight"])
    assert isinstance(built.model.verdict, kind)
    left = ["left out: verdict.1.weight, verdict.1.bias"] if own else []
    assert list(built.notes) == ["new and untrained: verdict.weight, verdict.bias", *left]
