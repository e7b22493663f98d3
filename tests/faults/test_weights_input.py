"""Weights and their input belong together: what is published, what a card says, what is assumed (93-98)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

import zoo
from harness.data.pixels.crop import resized_and_cropped
from harness.data.pixels.geometry import resolve
from plugins import timm_models, torchvision_models
from tests.harness.pictures import scene

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


@pytest.mark.fault(93)
def test_93_pictures_are_those_of_timms_own_transform_for_forty_tags():
    names = sampled()
    assert len(names) == NUM_TAGS
    assert [name for name in names if differ(ours(tagged(name)), timms(name))] == []


@pytest.mark.fault(93)
def test_93_among_the_forty_is_every_mode_of_cropping_and_many_a_size():
    modes, shares, interpolations = (set(column) for column in zip(*sampled().values(), strict=True))
    assert modes == {"center", "squash", *(["border"] if "timm/deepseek_vit_412m" in SPECS else [])}
    assert (min(shares) <= 0.875, max(shares) >= 1.0, len(shares) > 12) == (True, True, True)
    assert interpolations == {"bilinear", "bicubic"}


@pytest.mark.fault(94)
def test_94_pictures_are_those_of_every_torchvision_preset():
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


def torchvisions(preset) -> np.ndarray:
    """The preset's own picture; normalised by nothing, so that its grey levels can be read."""
    preset.mean, preset.std = (0.0,) * 3, (1.0,) * 3
    return (preset(PICTURE) * 255).round().numpy().transpose(1, 2, 0)


@pytest.mark.fault(94)
@pytest.mark.parametrize(
    ("name", "tag", "resized", "size"),
    [("resnet50", "IMAGENET1K_V2", 232, 224), ("vit_b_16", "IMAGENET1K_SWAG_E2E_V1", 384, 384)],
)
def test_94_torchvisions_later_weights_are_not_cropped_as_its_first(name, tag, resized, size):
    geometry = resolve(SPECS[name].input_for(tag), 257, 3, None, pretrained=True)
    assert (geometry.short_side, geometry.size) == (resized, size)


@pytest.mark.fault(95)
@pytest.mark.parametrize("size", [96, 160, 320])
def test_95_at_another_size_the_same_share_of_the_picture_is_cropped_as_in_timm(size):
    names = [name for name in sampled() if not tagged(name).fixed][:6]
    assert names
    assert [name for name in names if differ(ours(tagged(name), size), timms(name, input_size=(3, size, size)))] == []


@pytest.mark.fault(98)
def test_98_weights_of_a_plugin_that_publishes_no_crop_see_the_whole_picture():
    wanted = zoo.InputSpec(size=64, channels=3, mean=(0.5,) * 3, std=(0.5,) * 3)
    pretrained, random = (resolve(wanted, 64, 3, None, pretrained) for pretrained in (True, False))
    assert pretrained == replace(random, mean=wanted.mean, std=wanted.std)
