from dataclasses import replace
from fractions import Fraction

import pytest

from harness.data.pixels.geometry import Geometry, crop_offset, resized_sides, resolve
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


def test_a_pretrained_model_gets_all_that_its_weights_were_published_with():
    wanted = replace(CNN, crop_pct=0.875, crop_mode="squash", antialias=False)
    assert resolve(wanted, 28, 1, None, True) == Geometry(
        size=224,
        channels=3,
        stored_channels=1,
        short_side=256,
        interpolation="bicubic",
        antialias=False,
        crop_mode="squash",
        mean=(0.5,) * 3,
        std=(0.2,) * 3,
    )


@pytest.mark.parametrize(
    ("crop_mode", "width", "height", "sides"),
    [
        ("center", 50, 50, (32, 32)),
        ("center", 50, 99, (32, 63)),
        ("center", 99, 50, (63, 32)),
        ("squash", 99, 50, (32, 32)),
        ("border", 99, 50, (32, 16)),
        ("border", 50, 99, (16, 32)),
        ("border", 900, 2, (32, 1)),
        ("border", 2, 900, (1, 32)),
    ],
)
def test_the_sides_that_an_image_is_resized_to(crop_mode, width, height, sides):
    geometry = Geometry(size=28, channels=3, stored_channels=3, short_side=32, crop_mode=crop_mode)
    assert resized_sides(width, height, geometry) == sides


@pytest.mark.parametrize(
    ("side", "offset"), [(28, 0), (29, 0), (30, 1), (31, 2), (33, 2), (27, 0), (26, -1), (25, -1), (24, -2)]
)
def test_a_centred_crop_begins_where_torchvisions_does(side, offset):
    assert crop_offset(side, 28) == offset


def test_the_least_size_of_a_model_is_enough():
    assert resolve(CNN, 28, 3, 33, False).size == 33


def refused(*arguments):
    with pytest.raises(ZooError) as caught:
        resolve(*arguments)
    return caught.value.cause, caught.value.remedy, caught.value.exit_code


def test_images_that_a_model_cannot_take_are_refused_with_what_to_do():
    small = "--img-size 32 is too small for this model, whose minimum is 33"
    assert refused(CNN, 28, 3, 32, False) == (small, "use --img-size 33 or more, or leave it out", 2)
    channels = "the model takes 3 channels but the images have 4"
    remedy = "choose a model that takes any number of channels, such as fc_model"
    assert refused(CNN, 32, 4, None, False) == (channels, remedy, 3)
