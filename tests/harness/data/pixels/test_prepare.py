import os
from dataclasses import replace

import pytest
import torch

from harness.data.files.cache_entries import NoRoom
from harness.data.pixels import prepare as pixels
from harness.data.pixels.decode import decode
from harness.data.pixels.geometry import Geometry
from harness.data.pixels.prepare import prepare
from harness.data.pixels.resize import needs_resize
from harness.data.pixels.sources import FileSource, MemorySource, ResizingSource
from tests.harness.pictures import noise
from zoo import ZooError


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def kept(tmp_path):
    return [path for path in (tmp_path / "cache/zoo/pixels").rglob("*") if path.is_file()]


def geometry(size=8, interpolation="bilinear"):
    return Geometry(size=size, channels=3, stored_channels=3, short_side=size, interpolation=interpolation)


def files(folder, num=5):
    for n in range(num):
        noise(n).save(folder / f"{n}.png")
    return [folder / f"{n}.png" for n in range(num)]


def all_of(source):
    return torch.cat(list(source.blocks([torch.arange(source.shape[0])])))


@pytest.mark.parametrize("block_bytes", [1, 400, 10**6])
def test_blocks_of_any_size_keep_the_order(tmp_path, monkeypatch, block_bytes):
    monkeypatch.setattr(pixels, "BLOCK_BYTES", block_bytes)
    paths = files(tmp_path)
    expected = torch.stack([torch.tensor(decode(path, geometry())) for path in paths])
    assert torch.equal(all_of(prepare(paths, geometry(), "f")), expected)


def no_disk(monkeypatch):
    def none(num_bytes):
        raise NoRoom("the disk is full")

    monkeypatch.setattr(pixels, "make_room", none)


def no_memory(monkeypatch):
    monkeypatch.setattr(pixels, "free_memory", lambda: 0)


@pytest.mark.parametrize(
    ("shape", "short_side", "needed"),
    [((2, 3, 8, 8), 8, False), ((2, 3, 8, 8), 9, True), ((2, 3, 9, 8), 8, True), ((2, 1, 8, 8), 8, True)],
)
def test_images_are_resized_where_their_shape_differs_or_a_crop_would(shape, short_side, needed):
    assert needs_resize(shape, replace(geometry(), short_side=short_side)) is needed


def test_images_of_the_right_size_are_used_as_they_are():
    images = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    assert prepare(images, geometry(), "f").pixels is images


def test_disk_memory_and_streaming_give_the_same_pixels(tmp_path, monkeypatch):
    paths = files(tmp_path)
    on_disk = prepare(paths, geometry(), "f")
    no_disk(monkeypatch)
    notes = []
    in_memory = prepare(paths, geometry(), "g", tell=notes.append)
    no_memory(monkeypatch)
    streamed = prepare(paths, geometry(), "h", tell=notes.append)
    why = "960 B of pixels are not kept on disk: the disk is full; every"
    assert notes == [
        f"{why} trial makes them again",
        f"{why} epoch makes them again, since memory has no room for them either",
    ]
    assert (type(on_disk), type(in_memory), type(streamed)) == (MemorySource, MemorySource, FileSource)
    assert torch.equal(all_of(on_disk), all_of(in_memory))
    assert torch.equal(all_of(on_disk), all_of(streamed))


def test_a_second_run_maps_the_file_and_decodes_nothing(tmp_path, monkeypatch):
    first = all_of(prepare(files(tmp_path), geometry(), "f"))
    monkeypatch.setattr("harness.data.pixels.sources.decode", None)
    assert torch.equal(all_of(prepare([tmp_path] * 5, geometry(), "f")), first)


def test_other_images_or_another_geometry_are_another_file(tmp_path):
    paths = files(tmp_path)
    first = all_of(prepare(paths, geometry(), "f"))
    assert not torch.equal(all_of(prepare(paths, geometry(interpolation="nearest"), "f")), first)
    assert not torch.equal(all_of(prepare(paths[::-1], geometry(), "g")), first)


def test_a_torn_file_is_made_again(tmp_path):
    paths = files(tmp_path)
    first = all_of(prepare(paths, geometry(), "f")).clone()
    (file,) = kept(tmp_path)
    file.write_bytes(b"torn")
    assert torch.equal(all_of(prepare(paths, geometry(), "f")), first)


def test_writing_to_the_pixels_leaves_the_file_alone(tmp_path):
    paths = files(tmp_path)
    prepare(paths, geometry(), "f").pixels.zero_()
    assert prepare(paths, geometry(), "f").pixels.any()


def test_a_full_disk_is_no_error(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    notes = []
    assert isinstance(prepare(files(tmp_path), geometry(), "f", tell=notes.append), MemorySource)
    assert notes == ["960 B of pixels are not kept on disk: No space left on device; every trial makes them again"]
    assert kept(tmp_path) == []


def test_truncated_files_are_all_named_and_nothing_is_kept(tmp_path):
    paths = files(tmp_path)
    for path in paths[1:3]:
        path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ZooError, match=r"^2 images cannot be read: 1.png \(.*\), 2.png \(") as raised:
        prepare(paths, geometry(), "f")
    assert raised.value.exit_code == 3
    assert kept(tmp_path) == []


@pytest.mark.parametrize("size", [4, 8, 20])
def test_resized_tensors_are_close_to_resized_files(tmp_path, size):
    picture = noise(width=8, height=8)
    picture.save(tmp_path / "x.png")
    decoded = all_of(FileSource([tmp_path / "x.png"], geometry(size))).int()
    tensor = torch.tensor(list(picture.tobytes()), dtype=torch.uint8).view(1, 8, 8, 3).permute(0, 3, 1, 2)
    resized = all_of(ResizingSource(tensor, geometry(size))).int()
    assert (decoded - resized).abs().max() <= 1


def test_resizing_rounds_and_never_wraps_around():
    steep = torch.tensor([0, 255], dtype=torch.uint8).repeat(4, 2)[None, None]
    bicubic = Geometry(size=9, channels=1, stored_channels=1, short_side=9, interpolation="bicubic")
    resized = all_of(ResizingSource(steep, bicubic))[0, 0, 0]
    assert (resized[0], resized[-1]) == (0, 255)
    assert (resized[:2] < 60).all()


def test_the_cache_budget_bounds_one_file(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE_SIZE", "10")
    notes = []
    prepare(files(tmp_path), geometry(), "f", tell=notes.append)
    assert notes[0].startswith("960 B of pixels are not kept on disk: the cache takes at most 10 B (ZOO_CACHE_SIZE")
    assert kept(tmp_path) == []
