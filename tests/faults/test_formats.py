"""Faults of image formats (121-124): the picture that is there is used, and what of it is not is said."""

from __future__ import annotations

import importlib.machinery
import io
import struct
import sys
import types
import zlib

import numpy as np
import pytest
from PIL import Image

from harness.data.files import folder as scanner
from harness.data.files.file_facts import inspect_files
from harness.data.formats import picture as limits
from harness.data.formats import suffixes, versions
from harness.data.pixels.decode import decode
from harness.data.pixels.geometry import Geometry
from tests.faults.folders import checked, pets, refused
from tests.faults.image_files import bands_of, chunk, opened, pixels_of, tiff
from tests.harness.pictures import noise


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def saved(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def with_chunk(bad):
    """A PNG with a chunk put in front of its pixels."""

    def made(image):
        content = saved(image, format="PNG")
        at = content.index(b"IDAT") - 4
        return content[:at] + bad + content[at:]

    return made


def with_segment(number, data):
    """A JPEG with an application segment."""

    def made(image):
        content = saved(image, format="JPEG", quality=95)
        return content[:2] + bytes([0xFF, number]) + struct.pack(">H", len(data) + 2) + data + content[2:]

    return made


def webp_cut_in_its_metadata(image):
    return saved(image, format="WEBP", lossless=True, exif=b"Exif\0\0" + b"x" * 40)[:-20]


BAD_METADATA = {
    "png text crc": with_chunk(chunk(b"tEXt", b"Title\0a leaf", crc=1)),
    "png exif crc": with_chunk(chunk(b"eXIf", b"MM\0*\0\0\0\x08", crc=1)),
    "png profile crc": with_chunk(chunk(b"iCCP", b"x", crc=1)),
    "png time crc": with_chunk(chunk(b"tIME", b"1234567", crc=1)),
    "png resolution too short": with_chunk(chunk(b"pHYs", b"12")),
    "png chunk cut short": with_chunk(chunk(b"tEXt", b"Title\0a", length=5000)),
    "png text that unpacks to a bomb": with_chunk(chunk(b"zTXt", b"T\0\0" + zlib.compress(b"x" * 2**21))),
    "jpeg exif cut short": with_segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\x63\x01\x12"),
    "jpeg exif of nothing": with_segment(0xE1, b"Exif\0\0"),
    "jpeg exif of noise": with_segment(0xE1, b"Exif\0\0" + bytes(range(200))),
    "jpeg profile": with_segment(0xE2, b"ICC_PROFILE\0"),
    "jpeg photoshop": with_segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\xff\xff"),
    "jpeg of several pictures": with_segment(0xE2, b"MPF\0II*\0\x08\0\0\0\x01\0"),
    "webp": webp_cut_in_its_metadata,
}


@pytest.mark.fault(119)
@pytest.mark.parametrize("kind", BAD_METADATA)
def test_119_bad_metadata_never_costs_a_sound_picture(tmp_path, capsys, kind):
    root = pets(tmp_path)
    picture = noise(5, 16, 16)
    name = f"train/cat/x.{kind.split()[0]}"
    (root / name).write_bytes(BAD_METADATA[kind](picture))
    expected = np.asarray(
        Image.open(io.BytesIO(saved(picture, format="JPEG", quality=95))) if "jpeg" in kind else picture
    )
    assert np.array_equal(pixels_of(root, name).transpose(1, 2, 0), expected)
    checked(capsys, root)


@pytest.mark.fault(119)
def test_119_it_is_counted_and_damaged_pixels_are_still_refused(tmp_path, capsys):
    root = pets(tmp_path)
    bad = BAD_METADATA["png text crc"](noise(5, 16, 16))
    (root / "train/cat/x.png").write_bytes(bad)
    assert "1 file with damaged metadata, which is passed over: train/cat/x.png" in checked(capsys, root)
    (root / "train/cat/x.png").write_bytes(bad[: len(bad) // 2])
    with pytest.raises(Exception, match="1 image cannot be read"):
        opened(root).require_readable()


@pytest.mark.fault(120)
@pytest.mark.parametrize(("width", "height", "scale"), [(1200, 900, 2), (1250, 1200, 2)])
def test_120_a_jpeg_over_the_limit_is_decoded_at_half_its_size(tmp_path, monkeypatch, width, height, scale):
    """A hundredth of the sizes, 108 and 150 megapixels: the limit is scaled down with them."""
    monkeypatch.setattr(limits, "LARGEST_IMAGE", 894_784)
    monkeypatch.setattr(limits, "LARGEST_JPEG", 3 * 894_784)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 894_784 // 2)  # so that Pillow itself refuses them
    smooth = noise(1, 12, 9).resize((width, height), Image.Resampling.BICUBIC)
    smooth.save(tmp_path / "x.jpg", quality=95)
    sizes = []
    monkeypatch.setattr(Image.Image, "resize", watched(Image.Image.resize, sizes))
    wanted = Geometry(size=64, channels=3, stored_channels=3, short_side=64)
    got = decode(tmp_path / "x.jpg", wanted).astype(int)
    assert sizes == [(width // scale, height // scale)]
    monkeypatch.undo()
    assert np.abs(got - decode(tmp_path / "x.jpg", wanted)).max() <= 2


def watched(resize, sizes):
    def resized(self, *arguments, **options):
        sizes.append(self.size)
        return resize(self, *arguments, **options)

    return resized


@pytest.mark.fault(121)
def test_121_further_frames_pages_and_bands_are_said(tmp_path, capsys):
    root = pets(tmp_path)
    first, *more = [noise(number, 16, 16) for number in range(3)]
    for name in ("x.gif", "x.tiff", "x.webp", "moves.png"):
        options = {"lossless": True} if name == "x.webp" else {}
        first.save(root / "train/cat" / name, save_all=True, append_images=more, **options)
    (root / "train/dog/infrared.tif").write_bytes(tiff(bands_of(4)))
    said = checked(capsys, root)
    assert "4 files with several frames or pages, of which the first is used: train/cat/moves.png, train/cat/" in said
    assert "1 file with more bands than are used, which are the first: train/dog/infrared.tif" in said
    for name in ("x.tiff", "x.webp", "moves.png"):
        assert np.array_equal(pixels_of(root, f"train/cat/{name}").transpose(1, 2, 0), np.asarray(first))


@pytest.mark.fault(121)
def test_121_a_tiff_of_bands_that_nobody_reads_says_how_many(tmp_path):
    (tmp_path / "x.tif").write_bytes(tiff(bands_of(13)))
    (facts,) = inspect_files([tmp_path / "x.tif"])
    assert facts.problem == "a TIFF of 13 bands, which Pillow cannot read: give 1 or 3 of 8 or 16 bits"


@pytest.mark.fault(122)
@pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".JPE", ".avif"])
def test_122_other_names_of_formats_are_read(tmp_path, capsys, suffix):
    if suffix not in Image.registered_extensions() and suffix == ".avif":
        pytest.skip("this Pillow has no AVIF")
    root = pets(tmp_path)
    noise(5, 16, 16).save(root / f"train/cat/x{suffix}")
    assert f"{'AVIF' if suffix == '.avif' else 'JPEG'} 1" in checked(capsys, root)
    assert len(opened(root).pools["train"].images) == 13


@pytest.mark.fault(122)
@pytest.mark.parametrize(("suffix", "told"), [(".heic", "the package pillow-heif"), (".avif", "Pillow 11.3 and later")])
def test_122_what_would_read_a_format_is_said_where_it_is_not_there(tmp_path, monkeypatch, suffix, told):
    monkeypatch.setattr(suffixes, "find_spec", lambda name: None)
    monkeypatch.setattr(suffixes, "_has_avif", lambda: False)
    monkeypatch.setattr(suffixes, "readable", suffixes.readable.__wrapped__)
    monkeypatch.setattr(scanner, "readable", suffixes.readable)
    root = pets(tmp_path)
    (root / f"train/cat/x{suffix}").write_bytes(b"?")
    (note,) = opened(root).notes
    assert note.startswith(f"1 file of another format was left out: {suffix} 1 (train/cat/x{suffix}); {told}")


@pytest.mark.fault(122)
def test_122_a_class_of_nothing_but_heic_is_refused_by_naming_what_reads_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(scanner, "readable", lambda: suffixes.FORMATS)
    monkeypatch.setattr(suffixes, "readable", lambda: suffixes.FORMATS)
    root = pets(tmp_path)
    for path in (root / "train/cat").iterdir():
        path.rename(path.with_suffix(".HEIC"))
    cause, remedy = refused(capsys, "check-data", root)
    assert cause.endswith("class folders without images: cat")
    assert remedy.endswith("; the package pillow-heif reads HEIC")


@pytest.mark.fault(122)
def test_122_heic_is_read_where_its_plugin_is_installed(tmp_path, monkeypatch):
    """By a stand-in for pillow-heif, which says no more to Pillow than the real one."""
    plugin = types.ModuleType("pillow_heif")
    plugin.__spec__ = importlib.machinery.ModuleSpec("pillow_heif", None)
    plugin.register_heif_opener = lambda: Image.register_extension("PPM", ".heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    monkeypatch.setattr(versions, "version", lambda name: "1.2.3")
    assert ".heic" in suffixes.readable.__wrapped__()
    suffixes.enable_heif.__wrapped__()
    assert Image.registered_extensions().pop(".heic") == "PPM"
    assert versions.decoders.__wrapped__()["pillow_heif"] == "1.2.3"
