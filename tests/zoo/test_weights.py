"""What --weights may say; and weights from files: whole, checked, strict, and never code."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from zoo.errors import ZooError
from zoo.specs import ModelSpec
from zoo.weights import Weights, sha256_of


@pytest.fixture
def safe_torch(monkeypatch):
    """Lets the oldest torch that tox runs read .pt files too, as newer ones do."""
    monkeypatch.setattr("zoo.checkpoints.reading.SAFE_TORCH", (2, 0))


STATE = {"0.weight": torch.ones(2, 3), "0.bias": torch.zeros(2)}


TYPED = {
    "default": Weights(tag="default"),
    "a1_in1k": Weights(tag="a1_in1k"),
    "./a//b.pt": Weights(path="./a//b.pt"),
    "~/x.bin": Weights(path="~/x.bin"),
    "n.safetensors#sha256=0123ABcd": Weights(path="n.safetensors", sha256="0123ABcd"),
    "file:n.pth": Weights(path="n.pth"),
    "last.ckpt": Weights(path="last.ckpt"),
    "model_best.pth.tar": Weights(path="model_best.pth.tar"),
    "n.tar": Weights(tag="n.tar"),
}


@pytest.mark.parametrize(("text", "weights"), TYPED.items())
def test_what_is_typed_is_a_tag_or_a_file_and_has_one_text(text, weights):
    assert Weights.parse(text) == weights
    assert Weights.from_text(str(weights)) == weights
    assert str(weights) == ("" if weights.tag else "file:") + text.removeprefix("file:")


def test_a_file_that_is_there_needs_no_suffix_and_a_tag_of_its_name_stays_a_tag(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "V1").write_bytes(b"")
    assert Weights.parse("V1") == Weights(path="V1")
    assert Weights.parse("V1" * 200) == Weights(tag="V1" * 200)  # no name of a file is so long
    assert Weights.from_text("V1") == Weights(tag="V1")


@pytest.mark.parametrize(
    ("offered", "tag", "cause", "remedy"),
    [
        (("V2", "V1"), "V1b", "net has no pretrained weights 'V1b'. Did you mean V1?", "it offers: V2, V1"),
        (("big",), "V9", "net has no pretrained weights 'V9'", "it offers: big"),
        ((), "V9", "net has no pretrained weights 'V9'", "leave it out with --plugins …,-NAME, or give --weights FILE"),
        ((), "default", "net has no pretrained weights", "leave it out with --plugins …,-NAME, or give --weights FILE"),
    ],
)
def test_a_tag_that_a_model_does_not_offer_is_refused_in_one_wording(offered, tag, cause, remedy):
    with pytest.raises(ZooError) as caught:
        Weights(tag=tag).check(ModelSpec(name="net", build="x:y", weights=offered))
    assert (caught.value.cause, caught.value.remedy, caught.value.exit_code) == (cause, remedy, 2)


def test_weights_are_required_of_the_plugin_or_of_the_disk(tmp_path):
    tags = []
    spec = ModelSpec(name="net", build="x:y", weights=("V1",), require_weights=tags.append)
    Weights(tag="V1").require(spec)
    assert tags == ["V1"]
    with pytest.raises(ZooError, match="no weights file"):
        Weights(path=f"{tmp_path}/none.pt").require(spec)
    with pytest.raises(ZooError, match="no weights file ~nobody_of_that_name"):
        Weights(path="~nobody_of_that_name/a.pt").require(spec)


def test_a_file_gives_its_tensors_and_a_label(tmp_path, safe_torch):
    torch.save({"model": STATE, "epoch": 3}, tmp_path / "net.pt")
    checkpoint, label = Weights(path=f"{tmp_path}/net.pt").load()
    assert list(checkpoint.tensors) == list(STATE)
    assert label == f"file:net.pt@{sha256_of(tmp_path / 'net.pt')[:8]}"


def test_a_file_whose_hash_is_right_is_read_and_any_other_refused(tmp_path):
    save_file(STATE, tmp_path / "net.safetensors")
    digest = sha256_of(tmp_path / "net.safetensors")
    assert Weights.parse(f"{tmp_path}/net.safetensors#sha256={digest}").load()[0].tensors.keys() == STATE.keys()
    with pytest.raises(ZooError, match="wanted 0000000000000000"):
        Weights.parse(f"{tmp_path}/net.safetensors#sha256={'0' * 64}").load()


def test_a_missing_file_and_a_wrong_hash_are_told_apart_from_a_tag(tmp_path):
    with pytest.raises(ZooError, match="no weights file"):
        Weights(path=f"{tmp_path}/none.pt").load()
    with pytest.raises(ZooError, match="sha256=abc is no hash"):
        Weights.parse("net.pt#sha256=abc")
    with pytest.raises(ZooError, match="sha256= is no hash"):
        Weights.parse("net.pt#sha256=")
