"""Checkpoints that are damaged or of something else (68, 69), and those that want to run code (70)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file

import harness
from harness.training.checkpoint import TrainingCheckpoints
from tests.faults.runs import PLUGIN, run
from tests.harness.tiny import config
from tests.harness.training.test_checkpoint import IDENTITY, damage, stopped, trained
from zoo.errors import ZooError


@pytest.fixture(scope="module")
def trained_model(tmp_path_factory) -> Path:
    found = run(tmp_path_factory.mktemp("trained"), "good/tiny,good/small")
    return found.store.path / "checkpoints"


@pytest.fixture
def checkpoint(tmp_path, trained_model) -> Path:
    return Path(shutil.copytree(trained_model / "good--tiny@s1", tmp_path / "checkpoint"))


def flip(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-5] ^= 1
    (folder / "model.safetensors").write_bytes(content)


def cut(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:100])


def empty(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def say(**changes) -> object:
    """Change what the card says."""

    def change(folder: Path) -> None:
        card = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps(card | changes))

    return change


DAMAGES = {
    "flipped": (flip, "is damaged: its SHA-256"),
    "cut": (cut, "is damaged: its SHA-256"),
    "empty": (empty, "is damaged: its SHA-256"),
    "another model": (say(model="good/small"), "the weights do not fit good/small: Error"),
    "another class count": (say(num_classes=7, classes=[*"abcdefg"]), "the weights do not fit good/tiny: Error"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "it has no model.safetensors"),
    "no card": (lambda folder: (folder / "model.json").unlink(), "is no checkpoint"),
    "empty card": (lambda folder: (folder / "model.json").write_text("{}"), "model.json has no model, num_classes"),
    "a list": (lambda folder: (folder / "model.json").write_text("[]"), "is no checkpoint"),
    "unknown model": (say(model="good/none"), "unknown plugin 'good/none'"),
}


@pytest.mark.fault(68)
@pytest.mark.parametrize("kind", DAMAGES)
def test_68_a_checkpoint_that_cannot_be_used_says_why_in_one_line(checkpoint, kind):
    harm, told = DAMAGES[kind]
    harm(checkpoint)
    with pytest.raises(ZooError) as caught:
        harness.load(checkpoint, plugins=[str(PLUGIN)])
    assert told in caught.value.cause
    assert "\n" not in caught.value.cause
    assert len(caught.value.cause) < 600


@pytest.mark.fault(68)
def test_68_a_whole_checkpoint_is_loaded(checkpoint):
    model = harness.load(checkpoint, plugins=[str(PLUGIN)]).model
    weights = load_file(checkpoint / "model.safetensors")
    assert all((model.state_dict()[name] == tensor).all() for name, tensor in weights.items())


@pytest.mark.fault(68)
def test_68_resuming_with_settings_that_were_changed_names_them(tmp_path):
    stopped(tmp_path)
    other = {**IDENTITY, "trial": {"train": {"epochs": 3, "lr": 0.1}}}
    with pytest.raises(ZooError, match=r"trial.train.lr 0.001 -> 0.1"):
        trained(config(), TrainingCheckpoints(tmp_path, other))


@pytest.mark.fault(69)
@pytest.mark.parametrize("how", ["flipped", "short", "empty"])
def test_69_the_last_checkpoint_but_one_is_used_where_the_last_is_bad(tmp_path, how):
    _, rows, _ = trained(config())
    damage(stopped(tmp_path, every_s=0)[-1], how)
    said = []
    _, resumed, _ = trained(config(), TrainingCheckpoints(tmp_path, IDENTITY, on_note=said.append))
    assert resumed == rows
    assert "going back to the checkpoint before it" in said[0]


@pytest.mark.fault(70)
def test_70_a_checkpoint_cannot_make_its_reader_run_code(tmp_path, checkpoint):
    canary, plugin = tmp_path / "canary", tmp_path / "evil.py"
    plugin.write_text(f"open({str(canary)!r}, 'w').close()\n")
    for source in (f"file: {plugin}", "module: evil"):
        say(model="evil/x", plugin_source=source)(checkpoint)
        with pytest.raises(ZooError, match="a checkpoint is not allowed to load code"):
            harness.load(checkpoint)
    assert not canary.exists()
