"""Faults 102-104: weights of another version, image size or architecture, and code in the place of weights."""

from __future__ import annotations

import argparse
import re
import struct
from collections import OrderedDict
from dataclasses import replace

import pytest
import torch
from torch import nn
from torchvision import models

import harness
from harness.trial.saved_model import Card, save
from plugins import timm_models, torchvision_models
from tests.faults.test_hostile_files import Canary, zipped
from tests.faults.weight_files import OPTIONS, TASK, loaded, prefixed, without
from tests.zoo.heads.networks import Plain
from zoo.building import build
from zoo.errors import ZooError
from zoo.weights import Weights

PLAIN = Plain(4).state_dict()


@pytest.fixture(autouse=True)
def _safe_torch(monkeypatch):
    """Lets the oldest torch that tox runs read .pt files too, as newer ones do."""
    monkeypatch.setattr("zoo.checkpoints.reading.SAFE_TORCH", (2, 0))


def densenet(task):
    return models.DenseNet(growth_rate=4, block_config=(1, 2), num_init_features=8, num_classes=task.num_classes)


@pytest.mark.fault(100)
@pytest.mark.parametrize("prefix", ["", "module."])
def test_100_densenet_is_loaded_under_its_old_names(tmp_path, prefix):
    state = densenet(TASK).state_dict()
    layer = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))([12]\.)")
    old = {layer.sub(r"\1.\2", name): tensor for name, tensor in state.items() if "num_batches" not in name}
    fields = {"convert_weights": torchvision_models.convert_weights}
    built = loaded(tmp_path, prefixed(old, prefix), densenet, replace(TASK, image_size=32), **fields)
    name = "features.denseblock2.denselayer2.conv1.weight"
    assert torch.equal(built.model.state_dict()[name], state[name])
    assert built.notes[-1].startswith("converted by its library: features.denseblock1.denselayer1.conv.1.weight")


def convnext(task):
    from timm.models.convnext import ConvNeXt

    return ConvNeXt(depths=(1, 1, 1, 1), dims=(8, 8, 8, 8), num_classes=task.num_classes)


# timm's names, and those of the paper's own repository, whose files begin with "model".
OFFICIAL = {
    r"^stem\.(\d)": r"downsample_layers.0.\1",
    r"^stages\.(\d)\.downsample\.(\d)": r"downsample_layers.\1.\2",
    r"^stages\.(\d)\.blocks\.(\d)": r"stages.\1.\2",
    r"conv_dw": "dwconv",
    r"mlp\.fc": "pwconv",
    r"^head\.norm": "norm",
    r"^head\.fc": "head",
}


@pytest.mark.fault(100)
def test_100_a_file_of_the_architecture_s_authors_is_converted_as_timm_does(tmp_path):
    state = convnext(TASK).state_dict()
    theirs = dict(state)
    for pattern, name in OFFICIAL.items():
        theirs = {re.sub(pattern, name, key): tensor for key, tensor in theirs.items()}
    assert len(theirs) == len(state)
    assert "stages.2.0.pwconv1.weight" in theirs
    options = {"task": replace(TASK, image_size=32), "convert_weights": timm_models.convert_weights}
    built = loaded(tmp_path, {"model": theirs, "args": OPTIONS}, convnext, **options)
    assert all(torch.equal(tensor, state[name]) for name, tensor in built.model.state_dict().items())
    assert built.notes[-1].startswith("converted by its library: downsample_layers.0.0.bias")


def mnasnet(task):
    return models.MNASNet(0.25, num_classes=task.num_classes)


def nothing_of_version_1():
    """On meeting it, a mnasnet becomes what torchvision built at first, with a stem of its own width."""
    nothing = OrderedDict()
    nothing._metadata = {"": {"version": 1}}
    return nothing


def of_version_1():
    model = mnasnet(TASK)
    model.load_state_dict(nothing_of_version_1(), strict=False)
    assert model.layers[0].out_channels == 32 != mnasnet(TASK).layers[0].out_channels
    return model


@pytest.mark.fault(100)
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("kept", [lambda state: state, dict, lambda state: {"model": prefixed(state, "module.")}])
@pytest.mark.filterwarnings("ignore:A new version of MNASNet")
def test_100_mnasnet_is_loaded_in_the_version_that_saved_it_said_or_not(tmp_path, version, kept):
    state = (mnasnet(TASK) if version == 2 else of_version_1()).state_dict()
    built = loaded(tmp_path, kept(state), mnasnet, replace(TASK, image_size=32))
    assert torch.equal(built.model.layers[0].weight, state["layers.0.weight"])
    said = "read as of its library's first version" in built.notes
    assert said == (version == 1 and not hasattr(kept(state), "_metadata"))


@pytest.mark.fault(100)
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.filterwarnings("ignore:A new version of MNASNet")
def test_100_the_harness_s_own_checkpoint_of_mnasnet_is_rebuilt_and_its_weights_are_taken(tmp_path, version):
    source = models.mnasnet0_5(num_classes=2)
    if version == 1:
        source.load_state_dict(nothing_of_version_1(), strict=False)
    card = Card(
        model="mnasnet0_5", num_classes=2, classes=("a", "b"), head="linear", weights="none", channels=3, img_size=32,
        stored_channels=3, short_side=32, interpolation="bilinear", antialias=True, crop_mode="center",
        mean=(0.5,) * 3, std=(0.5,) * 3,
    )  # fmt: skip
    save(tmp_path / "checkpoint", source, card)
    rebuilt = harness.load(tmp_path / "checkpoint").model
    assert torch.equal(rebuilt.layers[0].weight, source.layers[0].weight)
    spec = next(spec for spec in torchvision_models.zoo_models() if spec.name == "mnasnet0_5")
    file = Weights(path=f"{tmp_path}/checkpoint/model.safetensors")
    built = build(spec, replace(TASK, num_classes=2, image_size=32), weights=file)
    assert torch.equal(built.model.layers[0].weight, source.layers[0].weight)
    assert built.notes == ()


def timm_vit(task):
    from timm.models.vision_transformer import VisionTransformer

    sizes = {"patch_size": 8, "embed_dim": 12, "depth": 1, "num_heads": 2}
    return VisionTransformer(img_size=task.image_size, num_classes=task.num_classes, **sizes)


def torchvision_vit(task, patch_size=8):
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_dim": 12, "mlp_dim": 12}
    vit = models.VisionTransformer(task.image_size, patch_size, num_classes=task.num_classes, **sizes)
    nn.init.normal_(vit.heads.head.weight)
    return vit


def mlp(task):
    pixels = task.channels * task.image_size**2
    return nn.Sequential(nn.Flatten(), nn.Linear(pixels, 8), nn.ReLU(), nn.Linear(8, task.num_classes))


TRANSFORMERS = {
    "timm": (timm_vit, timm_models.convert_weights, "pos_embed"),
    "torchvision": (torchvision_vit, torchvision_models.convert_weights, "encoder.pos_embedding"),
}


@pytest.mark.fault(101)
@pytest.mark.parametrize("prefix", ["", "model."])
@pytest.mark.parametrize("library", TRANSFORMERS)
def test_101_positions_of_another_image_size_are_resampled_by_the_library_and_said(tmp_path, library, prefix):
    make, convert, name = TRANSFORMERS[library]
    state = make(replace(TASK, image_size=40)).state_dict()
    built = loaded(tmp_path, prefixed(state, prefix), make, replace(TASK, image_size=64), convert_weights=convert)
    expected = convert(dict(state), built.model)[name]
    assert expected.shape[1] == 65 != state[name].shape[1]
    assert torch.equal(built.model.state_dict()[name], expected)
    assert built.notes[-1] == f"resampled for this image size: {name}"


@pytest.mark.fault(101)
@pytest.mark.parametrize(("make", "size"), [(mlp, 28), (mlp, 160), (torchvision_vit, 160)])
def test_101_where_nothing_can_resample_them_the_error_says_for_which_size_the_weights_are(tmp_path, make, size):
    state = make(replace(TASK, image_size=size)).state_dict()
    with pytest.raises(ZooError) as caught:
        loaded(tmp_path, state, make, replace(TASK, image_size=64))
    assert caught.value.cause == f"mine/net: these weights are for images of {size} px, not of 64"
    assert (caught.value.remedy, caught.value.exit_code) == (f"use --img-size {size}", 2)


@pytest.mark.fault(102)
def test_102_patches_of_another_size_are_another_architecture_and_not_stretched(tmp_path):
    state = torchvision_vit(replace(TASK, image_size=64), patch_size=16).state_dict()
    with pytest.raises(ZooError, match=r"mine/net: net\.pth does not fit VisionTransformer: 2 of another shape"):
        loaded(
            tmp_path,
            state,
            torchvision_vit,
            replace(TASK, image_size=64),
            convert_weights=torchvision_models.convert_weights,
        )


@pytest.mark.fault(102)
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize(
    "change",
    [
        lambda state: without(state, "body.1."),
        lambda state: without(state, "body.1.", "verdict."),
        lambda state: {**without(state, "verdict."), "body.5.weight": torch.ones(3)},
        lambda state: without(state, "verdict.bias"),
        lambda state: {**state, "verdict.weight": torch.ones(4, 9)},
    ],
)
def test_102_whatever_wraps_it_another_architecture_is_refused(tmp_path, change, prefix):
    with pytest.raises(ZooError, match=r"net\.pth does not fit Plain: \d+ (missing|unexpected|of another shape)"):
        loaded(tmp_path, {"state_dict": prefixed(change(PLAIN), prefix), "args": OPTIONS})


def calling(module, name, text):
    """A pickle that calls a function with a text, as torch writes pickles."""
    argument = text.encode()
    return b"\x80\x02c%s\n%s\nX%s%s\x85R." % (
        module.encode(),
        name.encode(),
        struct.pack("<I", len(argument)),
        argument,
    )


@pytest.mark.fault(102)
@pytest.mark.parametrize(
    "function", ["builtins.eval", "builtins.getattr", "os.mkdir", "posix.mkdir", "pathlib.Path.mkdir"]
)
def test_102_nothing_but_settings_passes_for_settings(tmp_path, function):
    module, _, name = function.partition(".")
    path = tmp_path / "made"
    text = str(path) if "mkdir" in name else f"__import__('os').mkdir({str(path)!r})"
    (tmp_path / "net.pth").write_bytes(zipped(calling(module, name, text)))
    with pytest.raises(ZooError, match=rf"net\.pth cannot be read: it holds \S*{re.escape(name)}, which is neither"):
        Weights(path=f"{tmp_path}/net.pth").load()
    assert not path.exists()


@pytest.mark.fault(102)
def test_102_a_canary_among_the_settings_does_not_sing(tmp_path):
    torch.save({"model": PLAIN, "args": argparse.Namespace(trap=Canary(tmp_path / "canary"))}, tmp_path / "net.pth")
    with pytest.raises(ZooError, match=r"cannot be read: it holds \S*open, which is neither"):
        Weights(path=f"{tmp_path}/net.pth").load()
    assert not (tmp_path / "canary").exists()
