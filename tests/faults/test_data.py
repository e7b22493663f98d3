"""Faults of image folders and their files (27-38): refused with all that is wrong, or handled and said."""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from harness.cli.main import main
from harness.data.files import file_facts
from harness.data.load import DatasetSource, load
from harness.data.pixels.geometry import Geometry
from harness.data.pixels.prepare import prepare
from tests.faults.folders import PARTS, checked, pets, refused, refused_by_both, run
from tests.harness.pictures import folder, noise


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def saved(picture, format="PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=format)
    return buffer.getvalue()


def png(width, height):
    """A PNG of a few bytes that claims any size."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0), b"IDAT" + zlib.compress(b""), b"IEND"]
    packed = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def pixels_of(path, channels=3):
    """The pixels [C, 16, 16] of one training image as a model gets them."""
    dataset = load(DatasetSource(data_dir=path.parents[2]))
    wanted = Geometry(size=16, channels=channels, stored_channels=channels, short_side=16)
    pool = dataset.pools["train"]
    row = list(pool.images).index(path)
    return next(prepare(pool.images, wanted, pool.fingerprint).blocks([torch.tensor([row])])).numpy()[0]


FOLDERS = {
    "missing": (None, "does not exist"),
    "empty": ((), "has no class folders (found 0 images at top level)"),
    "flat": (("1.png",), "has no class folders (found 1 images at top level)"),
    "class empty": (("cat/1.png", "dog/"), "has class folders without images: dog"),
}


@pytest.mark.fault(27)
@pytest.mark.parametrize(("names", "told"), FOLDERS.values(), ids=FOLDERS)
def test_27_a_folder_without_images_in_classes_names_itself_and_the_layout(tmp_path, capsys, names, told):
    root = tmp_path / "pets"
    for name in names if names is not None else ():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).mkdir() if name.endswith("/") else noise().save(root / name)
    if names == ():
        root.mkdir()
    cause, remedy = refused_by_both(capsys, root, tmp_path / "runs")
    assert cause == f"{root} {told}"
    assert "/<class>/*.jpg" in remedy or "formats read: ." in remedy


@pytest.mark.fault(28)
def test_28_one_class_is_nothing_to_tell_apart(tmp_path, capsys):
    root = folder(tmp_path / "pets", ["train/cat", "test/cat"])
    cause, _ = refused_by_both(capsys, root, tmp_path / "runs")
    assert cause == f"{root}/train has one class only, 'cat': there is nothing to tell apart"


@pytest.mark.fault(29)
def test_29_classes_that_only_one_part_has_are_named_on_both_sides(tmp_path, capsys):
    root = folder(tmp_path / "pets", ["train/cat", "train/dog", "test/dog", "test/eel"])
    cause, _ = refused_by_both(capsys, root, tmp_path / "runs")
    assert cause == f"{root}/train and {root}/test differ in classes (only in train: cat; only in test: eel)"


@pytest.mark.fault(30)
def test_30_images_in_train_and_test_are_counted_named_and_taken_from_train(tmp_path, capsys):
    root = folder(tmp_path / "pets", [*PARTS, "val/cat", "val/dog"], num=9)
    for n in range(5):
        (root / f"test/cat/{n}.png").write_bytes((root / f"train/cat/{n}.png").read_bytes())
    told = "5 train images that occur in test too were left out: cat/0.png, cat/1.png, cat/2.png and 2 more"
    assert told in checked(capsys, root)
    found = run(root, "good/tiny", capsys=capsys)
    assert f"warning  {told}" in found.err
    assert found.records["good/tiny"].data["num_train"] == 18 - 5


PICTURE = noise(5, 40, 40)
DAMAGED = {
    "cut.jpg": saved(PICTURE, format="JPEG")[:700],
    "cut.png": saved(PICTURE, format="PNG")[:700],
    "cut.gif": saved(PICTURE, format="GIF")[:1000],
    "cut.bmp": saved(PICTURE, format="BMP")[:700],
    "cut.webp": saved(PICTURE, format="WEBP")[:300],
    "sum.png": saved(PICTURE, format="PNG").replace(b"IHDR\0\0\0\x28", b"IHDR\0\0\0\x29"),
    "empty.png": b"",
    "random.jpg": os.urandom(500),
    "page.jpg": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "text.png": b"version https://git-lfs.github.com/spec/v1\n",
}


def damaged(tmp_path):
    root = pets(tmp_path)
    for index, (name, content) in enumerate(DAMAGED.items()):
        (root / ("train/cat", "test/dog")[index % 2] / name).write_bytes(content)
    return root


@pytest.mark.fault(31)
def test_31_every_damaged_file_is_listed_by_check_data(tmp_path, capsys):
    root = damaged(tmp_path)
    assert main(["check-data", str(root)]) == 3
    said = capsys.readouterr()
    listed = [line.split()[1].rpartition("/")[2] for line in said.out.splitlines() if line.startswith("  bad  ")]
    assert sorted(listed) == sorted(DAMAGED)
    assert said.err.startswith("error: 10 of 34 images cannot be read: train/cat/")


@pytest.mark.fault(31)
@pytest.mark.parametrize("only", ["cut.jpg", "page.jpg"])
def test_31_a_run_ends_before_it_trains_and_says_how_to_go_on(tmp_path, capsys, only):
    root = pets(tmp_path)
    (root / "train/cat" / only).write_bytes(DAMAGED[only])
    given = ["run", "--plugins", "fc_model", "--data-dir", root, "--output", tmp_path / "runs", "--device", "cpu"]
    cause, remedy = refused(capsys, *given)
    assert cause.startswith(f"1 image cannot be read: train/cat/{only} (")
    assert remedy.endswith(f"harness check-data {root}), or leave them out with --skip-bad")
    assert list(tmp_path.glob("runs/*/records/*")) == []


@pytest.mark.fault(31)
def test_31_skipped_files_are_counted_and_named_under_the_table_and_in_the_record(tmp_path, capsys):
    root = damaged(tmp_path)
    found = run(root, "good/tiny", "--skip-bad", capsys=capsys)
    assert found.code == 0
    assert "warning  10 images that cannot be read were left out: train/cat/cut." in found.err
    assert "Left out of the data, 10 files that cannot be read:" in found.out
    assert len(found.records["good/tiny"].data["left_out"]) == 10
    assert "Left out of the data, 10 files" in (found.store.path / "table.md").read_text()


@pytest.mark.fault(32)
def test_32_sixteen_bits_are_scaled(tmp_path, capsys):
    root = pets(tmp_path, mode="L")
    values = np.random.default_rng(0).integers(0, 65536, (16, 16), dtype=np.uint16)
    Image.fromarray(values).save(root / "train/cat/deep.png")
    checked(capsys, root)
    assert np.array_equal(pixels_of(root / "train/cat/deep.png", channels=1)[0], np.rint(values / 257).astype(np.uint8))


@pytest.mark.fault(32)
@pytest.mark.parametrize(("top", "accepted"), [(1.0, True), (255.0, False)])
def test_32_floats_are_scaled_from_0_to_1_and_otherwise_refused(tmp_path, capsys, top, accepted):
    root = pets(tmp_path)
    values = np.linspace(0, top, 256, dtype=np.float32).reshape(16, 16)
    Image.fromarray(values).save(root / "test/cat/float.tiff")
    if accepted:
        assert "TIFF 1" in checked(capsys, root)
    else:
        cause, _ = refused(capsys, "check-data", root)
        assert cause == "1 of 25 images cannot be read: test/cat/float.tiff (pixel values outside 0..1)"


@pytest.mark.fault(33)
@pytest.mark.parametrize(("mode", "name"), [("CMYK", "x.tiff"), ("P", "x.png"), ("1", "x.png"), ("P", "x.gif")])
def test_33_other_modes_become_colour(tmp_path, capsys, mode, name):
    path = pets(tmp_path) / "train/cat" / name
    picture = noise(77, 16, 16).convert(mode)
    picture.save(path)
    checked(capsys, path.parents[2])
    assert np.array_equal(pixels_of(path).transpose(1, 2, 0), np.asarray(picture.convert("RGB")))


@pytest.mark.fault(33)
@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_33_what_is_transparent_is_white(tmp_path, capsys, mode):
    path = pets(tmp_path) / "train/cat/x.png"
    picture = noise(77, 16, 16).convert("P" if mode == "PA" else mode.removesuffix("A"))
    expected = np.asarray(picture.convert("RGB")).copy()
    if mode == "PA":
        hole = int(np.asarray(picture)[0, 0])
        expected[np.asarray(picture) == hole] = 255
        picture.save(path, transparency=hole)
    else:
        picture.putalpha(Image.fromarray(np.repeat([[0] * 8 + [255] * 8], 16, axis=0).astype(np.uint8)))
        picture.save(path)
        expected[:, :8] = 255
    checked(capsys, path.parents[2])
    assert np.array_equal(pixels_of(path).transpose(1, 2, 0), expected)


@pytest.mark.fault(34)
def test_34_pictures_are_turned_as_exif_says(tmp_path, capsys):
    root = pets(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6  # by 90 degrees clockwise
    picture = noise(78, 16, 16)
    picture.save(root / "train/cat/turned.png", exif=exif)
    checked(capsys, root)
    assert np.array_equal(
        pixels_of(root / "train/cat/turned.png").transpose(1, 2, 0), np.rot90(np.asarray(picture), -1)
    )


WHAT_READS = {".heic": "; the package pillow-heif reads HEIC", ".jxl": "; convert JPEG XL to PNG"}


@pytest.mark.fault(35)
@pytest.mark.parametrize("suffix", [".heic", ".jxl", ".npy", ".zip", ""])
def test_35_files_of_formats_that_are_not_read_are_counted(tmp_path, capsys, suffix):
    root = pets(tmp_path)
    for part in ("train/cat", "test/dog"):
        (root / part / f"x{suffix}").write_bytes(b"?")
    names = f"test/dog/x{suffix}, train/cat/x{suffix}"
    told = f"2 files of other formats were left out: {suffix or 'no suffix'} 2 ({names}){WHAT_READS.get(suffix, '')}"
    assert told in checked(capsys, root)
    assert load(DatasetSource(data_dir=root)).notes == (told,)


@pytest.mark.fault(36)
@pytest.mark.parametrize(
    ("width", "height", "told"),
    [
        (60_000, 60_000, "over the limit of 89,478,485 pixels"),
        (12_000, 12_000, "12000x12000 pixels, over the limit of 89,478,485"),
        (1, 50_000_000, "1x50000000 pixels, too narrow"),
    ],
)
def test_36_a_bomb_is_refused_by_its_header(tmp_path, capsys, monkeypatch, width, height, told):
    monkeypatch.setattr(file_facts, "_decode", lambda image: pytest.fail("decoded") if image.width == width else None)
    root = pets(tmp_path)
    (root / "test/dog/bomb.png").write_bytes(png(width, height))
    cause, remedy = refused(capsys, "run", "--plugins", "fc_model", "--data-dir", root, "--output", tmp_path / "runs")
    assert cause == f"1 image cannot be read: test/dog/bomb.png ({told})"
    assert "--skip-bad" in remedy


NAMES = ["ü漢.png", "two\nlines.png", "-rf.png", os.fsdecode(b"\xff\xfe.png"), "n" * 251 + ".png", "\x1b[31m.png"]


@pytest.mark.fault(37)
@pytest.mark.parametrize("content", [saved(noise(60)), b""], ids=["good", "bad"])
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_37_any_name_is_read_or_reported_as_printable_text(tmp_path, capsys, name, content):
    root = pets(tmp_path)
    (root / "train/cat" / name).write_bytes(content)
    if content:
        assert ": 2 classes, 25 images" in checked(capsys, root)
    else:
        cause, _ = refused(capsys, "check-data", root)
        assert cause.startswith("1 of 25 images cannot be read: train/cat/")
        assert cause.isprintable()


@pytest.mark.fault(37)
def test_37_links_are_followed_and_pipes_folders_and_loops_are_not_read(tmp_path, capsys):
    root = pets(tmp_path)
    noise(61).save(tmp_path / "elsewhere.png")
    (root / "train/cat/link.png").symlink_to(tmp_path / "elsewhere.png")
    (root / "train/cat/dangling.png").symlink_to("nowhere")
    (root / "train/cat/loop.png").symlink_to("loop.png")
    (root / "train/cat/folder.png").mkdir()
    os.mkfifo(root / "train/dog/pipe.png")
    said = checked(capsys, root)
    assert ": 2 classes, 25 images" in said
    assert "2 links that lead nowhere were left out: train/cat/dangling.png, train/cat/loop.png" in said
    assert "1 pipe, socket or device was left out: train/dog/pipe.png" in said


@pytest.mark.fault(38)
def test_38_a_file_that_may_not_be_read_is_reported_as_a_bad_one(tmp_path, capsys, monkeypatch):
    root = pets(tmp_path)
    look = file_facts.open_regular

    def guarded(path):
        if path.name == "3.png" and path.parent.name == "dog":
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(file_facts, "open_regular", guarded)  # tests may run as root, who may read everything
    cause, _ = refused(capsys, "check-data", root)
    denied = "train/dog/3.png (Permission denied), test/dog/3.png (Permission denied)"
    assert cause == f"2 of 24 images cannot be read: {denied}"
    assert len(load(DatasetSource(data_dir=root), skip_bad=True).left_out) == 2
