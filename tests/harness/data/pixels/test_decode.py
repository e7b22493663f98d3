import numpy as np
import pytest
from PIL import Image
from torchvision import transforms

from harness.data.pixels.crop import RESAMPLING
from harness.data.pixels.decode import decode
from harness.data.pixels.geometry import Geometry
from tests.harness.pictures import noise


def geometry(size=8, short_side=None, channels=3, interpolation="bilinear"):
    return Geometry(
        size=size,
        channels=channels,
        stored_channels=channels,
        short_side=short_side or size,
        interpolation=interpolation,
    )


def decoded(image, path, wanted=None, **options):
    image.save(path, **options)
    return decode(path, wanted or geometry(min(image.size)))


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest", "lanczos"])
@pytest.mark.parametrize(("width", "height"), [(61, 40), (40, 61), (50, 50), (64, 118)])
def test_pixels_are_those_of_torchvision(tmp_path, width, height, interpolation):
    picture = noise(1, width, height)
    ours = decoded(picture, tmp_path / "x.png", geometry(28, 32, interpolation=interpolation))
    resampling = transforms.functional.InterpolationMode(RESAMPLING[interpolation].name.lower())
    plain = transforms.Compose([transforms.Resize(32, resampling), transforms.CenterCrop(28)])
    assert np.array_equal(ours.transpose(1, 2, 0), np.asarray(plain(picture)))


def test_exif_orientation_is_applied(tmp_path):
    picture = noise(2, 8, 8)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    turned = decoded(picture, tmp_path / "x.png", exif=exif)
    assert np.array_equal(turned.transpose(1, 2, 0), np.rot90(np.asarray(picture), -1))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_white(tmp_path, mode):
    picture = noise(mode=mode)
    picture.putalpha(0)
    assert decoded(picture, tmp_path / "x.png").min() == 255


def test_half_transparent_black_is_grey(tmp_path):
    picture = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert set(decoded(picture, tmp_path / "x.png").flatten().tolist()) == {127}


def test_a_transparent_palette_entry_is_white(tmp_path):
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([0, 0, 0, 9, 9, 9])
    assert decoded(picture, tmp_path / "x.png", transparency=1).min() == 255
    assert decoded(picture, tmp_path / "y.png", transparency=0).max() == 9


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path):
    values = np.arange(0, 65536, 1024, dtype=np.uint16).reshape(8, 8)
    pixels = decoded(Image.fromarray(values), tmp_path / "x.png", geometry(8, channels=1))
    assert np.array_equal(pixels[0], np.rint(values / 257).astype(np.uint8))


def test_floats_from_0_to_1_are_scaled(tmp_path):
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    pixels = decoded(Image.fromarray(values), tmp_path / "x.tiff", geometry(8, channels=1))
    assert np.array_equal(pixels[0], np.rint(values.astype(np.float64) * 255).astype(np.uint8))


@pytest.mark.parametrize("value", [-1, 1.5, float("nan")])
def test_other_floats_are_refused(tmp_path, value):
    with pytest.raises(ValueError, match=r"pixel values outside 0\.\.1"):
        decoded(Image.fromarray(np.full((8, 8), value, np.float32)), tmp_path / "x.tiff")


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_other_modes_become_rgb(tmp_path, mode):
    picture = noise(3, 8, 8).convert(mode)
    pixels = decoded(picture, tmp_path / "x.tiff", compression="raw")
    assert np.array_equal(pixels.transpose(1, 2, 0), np.asarray(picture.convert("RGB")))


def test_colour_becomes_luma_where_one_channel_is_wanted(tmp_path):
    picture = noise(4, 8, 8)
    pixels = decoded(picture, tmp_path / "x.png", geometry(8, channels=1))
    assert np.array_equal(pixels[0], np.asarray(picture.convert("L")))
