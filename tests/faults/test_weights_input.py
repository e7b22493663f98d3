"""Weights and their input belong together: what is published, what a card says, what is assumed (93-98)."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

import harness
import zoo
from harness.data.load import DatasetSource, load
from harness.data.pixels.crop import resized_and_cropped
from harness.data.pixels.geometry import resolve
from harness.trial.model_input import geometry_for, input_for
from plugins import timm_models, torchvision_models
from tests.harness.pictures import scene
from tests.harness.tiny import config
from zoo.discovery import discover
from zoo.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Iterator

SPECS = {spec.name: spec for plugin in (torchvision_models, timm_models) for spec in plugin.zoo_models()}
PICTURE = scene(331, 257)
NUM_TAGS = 40


def ours(wanted: zoo.InputSpec, img_size: int | None = None) -> np.ndarray:
    return np.asarray(resized_and_cropped(PICTURE, resolve(wanted, 257, 3, img_size, pretrained=True)))


def differ(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return ours.shape != theirs.shape or np.abs(ours.astype(int) - theirs).max() > 1


@cache
def sampled() -> dict[str, tuple]:
    """`NUM_TAGS` of timm's pretrained names, of each way in which it makes pictures in turn, and that way."""
    import timm

    ways: dict[tuple, list[str]] = {}
    for name in candidates():
        config = timm.get_pretrained_cfg(name)
        _, height, width = config.input_size
        if height == width <= 512:
            ways.setdefault((config.crop_mode, config.crop_pct, config.interpolation), []).append(name)
    in_turn = [(names[index], way) for index in range(9) for way, names in ways.items() if index < len(names)]
    return dict(in_turn[:NUM_TAGS])


def candidates() -> Iterator[str]:
    """All tags of each family's first and last architecture: to ask for all 1,800 takes half a minute."""
    import timm

    yield from timm.list_pretrained("deepseek_vit_412m.*")  # the one family that timm lays a border around
    families: dict[str, list[zoo.ModelSpec]] = {}
    for name, spec in SPECS.items():
        if name.startswith("timm/"):
            families.setdefault(spec.family, []).append(spec)
    for specs in families.values():
        for spec in specs[:: max(1, len(specs) - 1)]:
            if spec.name != "timm/deepseek_vit_412m":
                yield from (f"{spec.name.removeprefix('timm/')}.{tag}" for tag in spec.weights)


def timms(name: str, **other) -> np.ndarray:
    """timm's own picture, before it is normalised."""
    import timm
    from timm.data import create_transform, resolve_data_config
    from torchvision.transforms import Compose

    config = resolve_data_config(other, pretrained_cfg=timm.get_pretrained_cfg(name).to_dict())
    return np.asarray(Compose(create_transform(**config).transforms[:-2])(PICTURE))


def tagged(name: str) -> zoo.InputSpec:
    architecture, _, tag = name.partition(".")
    return SPECS[f"timm/{architecture}"].input_for(tag)


@pytest.mark.fault(91)
def test_91_pictures_are_those_of_timms_own_transform_for_forty_tags():
    names = sampled()
    assert len(names) == NUM_TAGS
    assert [name for name in names if differ(ours(tagged(name)), timms(name))] == []


@pytest.mark.fault(91)
def test_91_among_the_forty_is_every_mode_of_cropping_and_many_a_size():
    modes, shares, interpolations = (set(column) for column in zip(*sampled().values(), strict=True))
    assert modes == {"center", "squash", *(["border"] if "timm/deepseek_vit_412m" in SPECS else [])}
    assert (min(shares) <= 0.875, max(shares) >= 1.0, len(shares) > 12) == (True, True, True)
    assert interpolations == {"bilinear", "bicubic"}


@pytest.mark.fault(92)
def test_92_pictures_are_those_of_every_torchvision_preset():
    from torchvision import models

    wrong, seen = [], set()
    for name, tags in ((name, spec.weights) for name, spec in SPECS.items() if not name.startswith("timm/")):
        for tag in tags:
            preset = models.get_model_weights(name)[tag].transforms()
            way = str(preset)
            if way not in seen and differ(ours(SPECS[name].input_for(tag)), torchvisions(preset)):
                wrong.append(f"{name} {tag}")
            seen.add(way)
    assert wrong == []
    assert len(seen) > 20


@pytest.mark.fault(91)
def test_91_weights_for_images_that_are_no_squares_say_so():
    spec = SPECS.get("timm/vit_base_patch16_sapiens2") or pytest.skip("this timm has no model of oblong images")
    assert spec.input_for("fb").caveat == "its weights were evaluated at 768x1024 px, not on squares"
    assert SPECS["timm/resnet18"].input_for(None).caveat == ""


def torchvisions(preset) -> np.ndarray:
    """The preset's own picture; normalised by nothing, so that its grey levels can be read."""
    preset.mean, preset.std = (0.0,) * 3, (1.0,) * 3
    return (preset(PICTURE) * 255).round().numpy().transpose(1, 2, 0)


@pytest.mark.fault(92)
@pytest.mark.parametrize(
    ("name", "tag", "resized", "size"),
    [("resnet50", "IMAGENET1K_V2", 232, 224), ("vit_b_16", "IMAGENET1K_SWAG_E2E_V1", 384, 384)],
)
def test_92_torchvisions_later_weights_are_not_cropped_as_its_first(name, tag, resized, size):
    geometry = resolve(SPECS[name].input_for(tag), 257, 3, None, pretrained=True)
    assert (geometry.short_side, geometry.size) == (resized, size)


@pytest.mark.fault(93)
@pytest.mark.parametrize("size", [96, 160, 320])
def test_93_at_another_size_the_same_share_of_the_picture_is_cropped_as_in_timm(size):
    names = [name for name in sampled() if not tagged(name).fixed and tagged(name).min_size <= size][:6]
    assert names
    assert [name for name in names if differ(ours(tagged(name), size), timms(name, input_size=(3, size, size)))] == []


@pytest.mark.fault(96)
def test_96_weights_of_a_plugin_that_publishes_no_crop_see_the_whole_picture():
    wanted = zoo.InputSpec(size=64, channels=3, mean=(0.5,) * 3, std=(0.5,) * 3)
    pretrained, random = (resolve(wanted, 64, 3, None, pretrained) for pretrained in (True, False))
    assert pretrained == replace(random, mean=wanted.mean, std=wanted.std)


CONVNET = """
import zoo

@zoo.hookimpl
def zoo_models():
    wanted = zoo.InputSpec(size=64, channels=3, mean=(0.5,) * 3, std=(0.2,) * 3, crop_pct=0.5, crop_mode="squash")
    yield zoo.ModelSpec(name="mine/conv", build=build, input=wanted)

def build(task):
    from torch import nn
    return nn.Sequential(nn.Conv2d(3, 8, 3, 4), nn.ReLU(), nn.Flatten(), nn.LazyLinear(task.num_classes))
"""
QUICK = {"dataset": "digits", "device": "cpu", "time_budget": 0.01, "isolation": False}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A plugin's file, and a run of it and an MLP from random weights: smaller images, their own mean and std."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "conv.py").write_text(CONVNET)
    plugins = [str(folder / "conv.py")]
    names = ["mlp", "mine/conv"]
    return plugins, harness.run(names, plugins=plugins, epochs=2, output=folder, quiet=True, **QUICK)


def evaluated_again(trained, model: str, weights, output, **options):
    plugins, _ = trained
    options = {"epochs": 1, "lr": 1e-9, "finetune": "full", "quiet": True} | options
    (record,) = harness.run([model], plugins=plugins, weights=str(weights), output=output, **options, **QUICK).records
    return record


def error_of(record) -> float:
    return next(one.values[0] for one in record.measurements if one.name == "top1_err")


@pytest.mark.fault(94)
@pytest.mark.parametrize("model", ["mlp", "mine/conv"])
def test_94_a_runs_own_checkpoint_is_as_good_as_it_was(trained, tmp_path, model):
    _, run = trained
    before = next(record for record in run.records if record.model == model)
    again = evaluated_again(trained, model, run.checkpoints[model, 1] / "model.safetensors", tmp_path)
    assert error_of(again) == pytest.approx(error_of(before), abs=0.3)
    assert (again.facts["img_size"], "notes" in again.facts) == (before.facts["img_size"], False)


@pytest.mark.fault(95)
def test_95_what_was_assumed_of_a_file_without_a_card_is_in_the_record_and_on_the_screen(trained, tmp_path, capsys):
    _, run = trained
    copy = shutil.copy(run.checkpoints["mine/conv", 1] / "model.safetensors", tmp_path / "net.safetensors")
    record = evaluated_again(trained, "mine/conv", copy, tmp_path / "runs", img_size=32, quiet=False)
    assumed = "its images are assumed to be 32 px of 64 (squash, bilinear), mean 0.5,0.5,0.5, std 0.2,0.2,0.2"
    assert record.facts["notes"].startswith(
        "net.safetensors: no model.json beside it says what images it was trained on"
    )
    assert record.facts["notes"].endswith(assumed)  # and no size is named that nobody knows
    assert capsys.readouterr().err.count(assumed) == 1


CARDS = {
    "of other weights": ({"sha256": "0" * 64}, "is of other weights"),
    "of another tool": ({"img_size": None}, "damaged"),
    "of a size of nothing": ({"short_side": 0}, "damaged"),
    "of an unknown crop": ({"crop_mode": "five"}, "crop_mode is 'five'"),
    "of words": ({"mean": ["grey"]}, "damaged"),
}


@pytest.mark.fault(95)
@pytest.mark.parametrize("kind", CARDS)
def test_95_a_card_is_believed_of_its_own_weights_only_and_where_it_makes_sense(trained, tmp_path, kind):
    changes, why = CARDS[kind]
    _, run = trained
    folder = shutil.copytree(run.checkpoints["mlp", 1], tmp_path / "copy")
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(card | changes))
    spec = zoo.ModelSpec(name="m", build="m:b")
    wanted, unknown = input_for(spec, Weights(path=str(folder / "model.safetensors")))
    assert (wanted, why in unknown) == (zoo.InputSpec(), True)


@pytest.mark.fault(95)
def test_95_a_pipe_called_like_a_card_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.json")
    (tmp_path / "net.pt").touch()
    _, unknown = input_for(zoo.ModelSpec(name="m", build="m:b"), Weights(path=f"{tmp_path}/net.pt"))
    assert "not a regular file" in unknown


@pytest.mark.fault(94)
def test_94_a_card_of_before_the_crop_mode_is_read(trained, tmp_path):
    _, run = trained
    folder = shutil.copytree(run.checkpoints["mlp", 1], tmp_path / "copy")
    card = json.loads((folder / "model.json").read_text())
    kept = {name: value for name, value in card.items() if name not in {"crop_mode", "antialias"}}
    (folder / "model.json").write_text(json.dumps(kept))
    wanted, unknown = input_for(zoo.ModelSpec(name="m", build="m:b"), Weights(path=str(folder / "model.safetensors")))
    assert (wanted.size, wanted.crop_mode, wanted.mean, unknown) == (8, "center", tuple(card["mean"]), "")


@pytest.mark.fault(93)
def test_93_another_size_than_the_weights_is_said():
    wanted = zoo.InputSpec(size=224, crop_pct=0.875, caveat="evaluated otherwise")
    spec = zoo.ModelSpec(name="m", build="m:b", input=wanted, weights=("one",))
    train = config(weights=Weights(tag="one"), img_size=112)
    dataset = load(DatasetSource(spec=discover(environment={}).dataset("digits")))
    geometry, (caveat, note) = geometry_for(spec, train, dataset)
    assert caveat == wanted.caveat
    assert (geometry.size, geometry.short_side) == (112, 128)
    assert note.startswith("images of 112 px, but the weights were evaluated at 224 px")
    assert geometry_for(spec, config(img_size=112), dataset)[1] == ()
