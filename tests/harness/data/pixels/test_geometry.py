from dataclasses import replace
from fractions import Fraction

import pytest

from harness.data.pixels.geometry import resolve
from zoo import InputSpec, ZooError

MLP = InputSpec()
CNN = InputSpec(size=224, channels=3, mean=(0.5,) * 3, std=(0.2,) * 3, min_size=33, interpolation="bicubic")
VIT = InputSpec(size=384, channels=3, fixed=True)


@pytest.mark.parametrize(
    ("wanted", "data_size", "img_size", "pretrained", "size"),
    [
        (MLP, 28, None, False, 28),
        (MLP, 8, None, False, 8),
        (MLP, 400, None, False, 64),
        (MLP, 28, 14, False, 14),
        (CNN, 8, None, False, 33),
        (CNN, 100, None, False, 100),
        (CNN, 500, None, False, 224),
        (CNN, 8, None, True, 224),
        (CNN, 8, 96, True, 96),
        (VIT, 28, None, False, 384),
        (InputSpec(size=224), 8, None, False, 32),
    ],
)
def test_size(wanted, data_size, img_size, pretrained, size):
    assert resolve(wanted, data_size, 3, img_size, pretrained).size == size


@pytest.mark.parametrize(
    ("crop_pct", "img_size", "short_side"),
    [
        (0.875, None, 256),
        (0.95, None, 235),
        (0.95, 96, 101),
        (1.15, None, 194),
        (Fraction(224, 232), None, 232),
        (Fraction(224, 232), 112, 116),
        (None, None, 224),
    ],
)
def test_a_pretrained_model_sees_what_its_weights_were_evaluated_on(crop_pct, img_size, short_side):
    geometry = resolve(replace(CNN, crop_pct=crop_pct), 28, 3, img_size, pretrained=True)
    assert (geometry.short_side, geometry.interpolation, geometry.mean) == (short_side, "bicubic", (0.5,) * 3)


def test_models_that_crop_otherwise_share_no_pixels():
    others = ({}, {"crop_pct": 0.9}, {"crop_mode": "squash"}, {"crop_mode": "border"}, {"antialias": False})
    keys = [resolve(replace(CNN, **other), 28, 3, None, True).key for other in others]
    darker = resolve(replace(CNN, crop_mode="border", mean=(0.2,) * 3), 28, 3, None, True).key
    assert len({*keys, darker}) == 6


def test_a_border_in_colour_around_grey_is_kept_in_colour():
    assert resolve(replace(CNN, crop_mode="border"), 28, 1, None, True).stored_channels == 3
    assert resolve(CNN, 28, 1, None, True).stored_channels == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"crop_mode": "centre"}, "crop_mode is 'centre'"),
        ({"interpolation": "area"}, "interpolation is 'area'"),
        ({"crop_pct": 0.0}, "crop_pct is 0"),
        ({"crop_mode": "border"}, "no colour for the border"),
    ],
)
def test_an_input_that_nothing_could_follow_is_refused_where_it_is_declared(wrong, told):
    with pytest.raises(ZooError, match=told):
        InputSpec(**wrong)


def test_models_from_scratch_share_their_pixels():
    first, second = resolve(CNN, 100, 3, None, False), resolve(InputSpec(size=299), 100, 3, None, False)
    assert first == second
    assert (first.mean, first.short_side) == (None, 100)


@pytest.mark.parametrize(
    ("wanted", "data_channels", "channels", "stored"),
    [(CNN, 1, 3, 1), (CNN, 3, 3, 3), (MLP, 1, 1, 1), (MLP, 5, 5, 5), (InputSpec(channels=1), 3, 1, 1)],
)
def test_grey_is_kept_as_grey_and_colour_is_lost_only_where_a_model_says_so(wanted, data_channels, channels, stored):
    geometry = resolve(wanted, 32, data_channels, None, False)
    assert (geometry.channels, geometry.stored_channels) == (channels, stored)


def test_too_small_a_size_names_the_minimum():
    with pytest.raises(ZooError, match="whose minimum is 33") as raised:
        resolve(CNN, 28, 3, 32, False)
    assert raised.value.exit_code == 2


def test_channels_that_cannot_be_mapped_are_refused():
    with pytest.raises(ZooError, match="takes 3 channels but the images have 4"):
        resolve(CNN, 32, 4, None, False)
