"""Files and tensors are resized and cropped as timm's and torchvision's own transforms do it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from harness.data.pixels.crop import resized_and_cropped
from harness.data.pixels.geometry import Geometry
from harness.data.pixels.resize import resize
from tests.harness.pictures import noise, scene

PLAIN = Geometry(size=28, channels=3, stored_channels=3, short_side=32, mean=(0.2, 0.5, 0.8))
SIDES = [(61, 40), (40, 61), (50, 50), (64, 118), (9, 7)]


def fitted(picture, geometry):
    return np.asarray(resized_and_cropped(picture, geometry))


def as_tensor(picture):
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None]


@pytest.mark.parametrize(("width", "height"), SIDES)
@pytest.mark.parametrize("short_side", [32, 28, 23])
def test_a_centre_crop_is_torchvisions_and_black_where_the_image_is_too_small(width, height, short_side):
    picture = noise(1, width, height)
    theirs = transforms.Compose([transforms.Resize(short_side), transforms.CenterCrop(28)])(picture)
    assert np.array_equal(fitted(picture, replace(PLAIN, short_side=short_side)), np.asarray(theirs))


@pytest.mark.parametrize(("width", "height"), SIDES)
@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
@pytest.mark.parametrize("crop_pct", [0.8, 1.0, 1.15])
def test_each_crop_mode_is_timms(width, height, crop_mode, crop_pct):
    from timm.data import create_transform

    given = {"mean": PLAIN.mean, "std": (1.0,) * 3, "interpolation": "bicubic"}
    theirs = create_transform(input_size=28, crop_pct=crop_pct, crop_mode=crop_mode, **given).transforms[:-2]
    picture = noise(1, width, height)
    ours = replace(PLAIN, short_side=int(28 / crop_pct), crop_mode=crop_mode, interpolation="bicubic")
    assert np.array_equal(fitted(picture, ours), np.asarray(transforms.Compose(theirs)(picture)))


def test_an_image_that_is_already_as_wanted_is_not_copied():
    picture, wanted = noise(1, 28, 28), replace(PLAIN, short_side=28)
    assert resized_and_cropped(picture, wanted) is picture
    tensor = as_tensor(picture).contiguous()
    assert resize(tensor, wanted).data_ptr() == tensor.data_ptr()


def test_an_image_as_thin_as_a_line_keeps_a_pixel_within_its_border():
    fitted_line = fitted(Image.new("RGB", (900, 2)), replace(PLAIN, crop_mode="border"))
    assert (fitted_line.shape, fitted_line.min(), fitted_line[0, 0].tolist()) == ((28, 28, 3), 0, [51, 128, 204])


@pytest.mark.parametrize(("width", "height"), SIDES)
@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos", "nearest", "box"])
def test_tensors_are_fitted_as_files_are(width, height, crop_mode, interpolation):
    picture = scene(width, height)
    geometry = replace(PLAIN, crop_mode=crop_mode, interpolation=interpolation)
    tensor = resize(as_tensor(picture), geometry)[0].permute(1, 2, 0).numpy()
    assert np.abs(tensor.astype(int) - fitted(picture, geometry)).max() <= 1


def test_grey_tensors_get_a_border_in_colour():
    grey = torch.full((2, 1, 10, 20), 7, dtype=torch.uint8)
    resized = resize(grey, replace(PLAIN, crop_mode="border"))
    assert resized.shape == (2, 3, 28, 28)
    assert resized[1, :, 0, 0].tolist() == [51, 128, 204]
    assert resized[1, :, 14, 14].tolist() == [7, 7, 7]


def test_tensors_are_not_smoothed_where_the_library_does_not():
    picture = as_tensor(noise(1, 61, 40))
    assert not torch.equal(resize(picture, PLAIN), resize(picture, replace(PLAIN, antialias=False)))
