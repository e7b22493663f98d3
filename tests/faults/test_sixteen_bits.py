"""Fault 120: pictures of 16 bits have one scale in a dataset, that of its training images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from harness.data.formats.sixteen_bits import white_level
from harness.data.pixels.geometry import Geometry
from harness.trial.saved_model import Card, _transform, read_card, save
from tests.faults.folders import PARTS, checked, pets
from tests.faults.image_files import opened, pixels_of, png16, tiff


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def twelve_bits(seed, shape=(16, 16), bits=12):
    """Values that use all of these bits, whatever the seed."""
    values = np.random.default_rng(seed).integers(0, 2**bits, shape, dtype=np.uint16)
    values.flat[0] = 2**bits - 1
    return values


def deep_pets(tmp_path, bits=12, **test_bits):
    root = pets(tmp_path, mode="L")
    for number, part in enumerate(PARTS):
        used = test_bits.get("test_bits", bits) if part.startswith("test") else bits
        Image.fromarray(twelve_bits(number, bits=used)).save(root / part / "deep.png")
    return root


@pytest.mark.fault(118)
@pytest.mark.parametrize(("bits", "white"), [(8, 255), (10, 1023), (12, 4095), (16, 65535)])
def test_118_values_are_scaled_by_what_the_training_images_use(tmp_path, bits, white):
    root = deep_pets(tmp_path, bits)
    for number, part in enumerate(PARTS):
        expected = np.rint(twelve_bits(number, bits=bits) * (255 / white)).astype(np.uint8)
        assert np.array_equal(pixels_of(root, f"{part}/deep.png", 1)[0], expected)


@pytest.mark.fault(118)
def test_118_the_test_images_have_the_scale_of_the_training_images_and_it_is_said(tmp_path, capsys):
    root = deep_pets(tmp_path, bits=12, test_bits=9)
    expected = np.rint(twelve_bits(2, bits=9) * (255 / 4095)).astype(np.uint8)
    assert np.array_equal(pixels_of(root, "test/cat/deep.png", 1)[0], expected)
    told = (
        "4 files of 16 bits: their values, up to 4,095, are scaled from 0-4,095, the least 12 bits that hold those of"
    )
    assert told in checked(capsys, root)
    assert any(note.startswith(told) for note in opened(root).notes)
    assert opened(root).facts["white_level"] == 4095


@pytest.mark.fault(118)
def test_118_values_above_those_of_the_training_images_are_white_and_said(tmp_path, capsys):
    root = deep_pets(tmp_path, bits=10, test_bits=12)
    assert pixels_of(root, "test/dog/deep.png", 1).max() == 255
    names = "test/cat/deep.png, test/dog/deep.png"
    told = f"2 files with values above 1,023, which the training images do not have, and which become white: {names}"
    assert told in checked(capsys, root)


@pytest.mark.fault(118)
@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_118_colour_of_16_bits_keeps_all_of_them(tmp_path, kind):
    root = pets(tmp_path)
    values = twelve_bits(0, (16, 16, 3))
    path = root / f"train/cat/deep.{kind}"
    path.write_bytes(png16(values) if kind == "png" else tiff(values))
    expected = np.rint(values * (255 / 4095)).astype(np.uint8)
    assert np.array_equal(pixels_of(root, f"train/cat/deep.{kind}").transpose(1, 2, 0), expected)


@pytest.mark.fault(118)
@pytest.mark.parametrize("given", [str, Image.open])
def test_118_a_trained_model_keeps_the_scale_in_its_card(tmp_path, given):
    root = deep_pets(tmp_path)
    wanted = Geometry(size=16, channels=1, stored_channels=1, short_side=16)
    splits = opened(root).pixels(wanted)
    names = ("channels", "stored_channels", "short_side", "interpolation", "antialias", "crop_mode", "white_level")
    facts = {name: getattr(splits.geometry, name) for name in names}
    texts = {"model": "m", "head": "auto", "weights": "none", "classes": ("a", "b")}
    card = Card(num_classes=2, img_size=16, mean=(0.0,), std=(1 / 255,), **facts, **texts)
    save(tmp_path / "kept", torch.nn.Linear(1, 1), card)
    transform = _transform(read_card(tmp_path / "kept"))
    name = "test/cat/deep.png"
    assert torch.equal(transform(given(root / name)).round().byte(), torch.tensor(pixels_of(root, name, 1)))


@pytest.mark.fault(118)
def test_118_grey_with_alpha_of_16_bits_is_read_by_its_upper_half_and_said(tmp_path, capsys):
    root = pets(tmp_path)
    (root / "train/cat/x.png").write_bytes(png16(twelve_bits(0, (16, 16, 2))))
    assert "1 file of 16 bits of which only the upper 8 are read: train/cat/x.png" in checked(capsys, root)


@pytest.mark.fault(118)
@pytest.mark.parametrize(
    ("highest", "white"),
    [((), 65535), ((0, 0), 65535), ((1,), 255), ((255, 3), 255), ((256,), 511), ((4095,), 4095), ((4096,), 8191)],
)
def test_118_white_is_the_least_number_of_bits_that_holds_all(highest, white):
    assert white_level(highest) == white
    assert white_level((*highest, 65535)) == 65535
    assert white_level((*highest, 2**20)) == 65535  # such a file is refused as it is decoded
