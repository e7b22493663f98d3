"""Images that are tensors: each filter to the grey level, no value beyond a byte, no row too many, on their device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from harness.data.pixels.geometry import Geometry
from harness.data.pixels.resize import resize
from tests.harness.pictures import noise

GREY = Geometry(size=28, channels=1, stored_channels=1, short_side=28)
# Black on the left, white on the right: a bicubic filter overshoots on both sides of the edge.
STEEP = torch.tensor([0, 255], dtype=torch.uint8).repeat_interleave(8).repeat(16, 1)[None, None]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("side", [14, 40, 61])
def test_black_and_white_noise_is_filtered_as_pillow_filters_it(interpolation, side):
    picture = noise(1, side, side, "L").point(lambda value: 255 * (value > 127))
    theirs = np.asarray(picture.resize((28, 28), Image.Resampling[interpolation.upper()]))
    tensor = torch.from_numpy(np.asarray(picture).copy())[None, None]
    ours = resize(tensor, replace(GREY, interpolation=interpolation))[0, 0]
    assert np.abs(ours.numpy().astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [True, False])
def test_filters_smooth_only_where_they_are_asked_to(interpolation, antialias):
    tensor = torch.from_numpy(np.asarray(noise(1, 40, 40, "L")).copy())[None, None]
    exact = functional.interpolate(tensor.double(), (28, 28), mode=interpolation, antialias=antialias).clamp(0, 255)
    ours = resize(tensor, replace(GREY, interpolation=interpolation, antialias=antialias))
    # On bytes, bicubic with antialias is cut off between its two passes as well, as Pillow does it.
    assert (ours - exact).abs().median() <= 0.5
    assert (interpolation, antialias) == ("bicubic", True) or (ours - exact).abs().max() <= 0.5 + 1e-3


@pytest.mark.parametrize("antialias", [True, False])
def test_what_a_bicubic_filter_overshoots_is_cut_off_at_black_and_white(antialias):
    resized = resize(STEEP, replace(GREY, interpolation="bicubic", antialias=antialias))
    assert resized.dtype == torch.uint8
    assert resized[0, 0, 0].tolist() == resized[0, 0, 27].tolist()
    assert (resized[0, 0, 0, :12].max(), resized[0, 0, 0, 16:].min()) == (0, 255)
    floats = functional.interpolate(STEEP.float(), (28, 28), mode="bicubic", antialias=antialias)
    assert (floats.min() < -5, floats.max() > 260) == (True, True)


@pytest.mark.parametrize(("height", "width"), [(29, 29), (30, 29), (29, 40), (28, 29)])
def test_one_row_or_column_too_many_is_cut_off_where_torchvision_cuts_it(height, width):
    image = torch.arange(height * width, dtype=torch.int64).remainder(251).to(torch.uint8).view(1, 1, height, width)
    cropped = resize(image, replace(GREY, short_side=min(height, width)))
    top, left = round((height - 28) / 2), round((width - 28) / 2)
    assert torch.equal(cropped, image[..., top : top + 28, left : left + 28])


def test_what_lacks_around_an_image_is_black():
    cropped = resize(torch.full((1, 1, 10, 10), 9, dtype=torch.uint8), replace(GREY, size=12, short_side=10))
    assert (cropped[0, 0, 0].tolist(), cropped[0, 0, 1].tolist()) == ([0] * 12, [0, *[9] * 10, 0])


def test_colour_becomes_luma_as_in_pillow():
    picture = noise(1, 28, 28)
    colour = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None]
    luma = resize(colour, GREY)
    assert (luma.shape, luma.dtype) == ((1, 1, 28, 28), torch.uint8)
    assert np.abs(luma[0, 0].numpy().astype(int) - np.asarray(picture.convert("L"))).max() <= 1


@pytest.mark.parametrize("height", [3, 28])
def test_grey_is_repeated_where_colour_is_kept_however_high_the_image(height):
    grey = torch.arange(height * 28, dtype=torch.int64).remainder(251).to(torch.uint8).view(1, 1, height, 28)
    stored = resize(grey, replace(GREY, size=height, short_side=height, stored_channels=3, channels=3))
    assert torch.equal(stored, grey[..., 12:15].repeat(1, 3, 1, 1) if height == 3 else grey.repeat(1, 3, 1, 1))


def test_images_stay_on_their_device():
    colour = torch.empty(2, 3, 20, 30, dtype=torch.uint8, device="meta")
    assert resize(colour, GREY).device.type == "meta"
