"""Faults 125-127: what is kept between runs is of this version, bounded, and never missed in silence."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from harness.data.files.cache import cache_dir
from harness.data.files.cache_entries import entries, make_room
from harness.data.formats import versions
from harness.data.load import DatasetSource, load
from harness.data.pixels import prepare as pixels
from harness.data.pixels.geometry import Geometry
from harness.data.pixels.prepare import prepare
from harness.data.pixels.sources import MemorySource
from tests.faults.folders import pets, run

SMALL = Geometry(size=8, channels=3, stored_channels=3, short_side=8)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def opened(root):
    return load(DatasetSource(data_dir=root))


def white(source):
    return bool((next(iter(source.blocks([torch.arange(source.shape[0])]))) == 255).all())


def all_white(path, geometry):
    """What a library decodes that is not the one of before."""
    return torch.full((3, 8, 8), 255, dtype=torch.uint8).numpy()


@pytest.mark.fault(123)
@pytest.mark.parametrize("library", ["pillow", "libjpeg_turbo", "zoo", "another"])
def test_123_another_version_of_what_decodes_makes_its_own_pixels(tmp_path, monkeypatch, library):
    root = pets(tmp_path)
    assert not white(opened(root).pixels(SMALL).train.images)
    before = versions.decoders()
    monkeypatch.setattr(versions, "decoders", lambda: before | {library: "99.0"})
    monkeypatch.setattr("harness.data.pixels.sources.decode", all_white)
    assert white(opened(root).pixels(SMALL).train.images)
    monkeypatch.setattr(versions, "decoders", lambda: before)  # and the old ones are as they were
    assert not white(opened(root).pixels(SMALL).train.images)


@pytest.mark.fault(123)
def test_123_another_torch_resizes_tensors_anew(monkeypatch):
    images = torch.zeros(2, 3, 16, 16, dtype=torch.uint8)
    assert not white(prepare(images, SMALL, "f" * 64))
    monkeypatch.setattr(torch, "__version__", "99.0")
    monkeypatch.setattr("harness.data.pixels.sources.resize", lambda block, geometry: block[..., :8, :8] + 255)
    assert white(prepare(images, SMALL, "f" * 64))


@pytest.mark.fault(123)
def test_123_another_version_looks_at_every_file_again(tmp_path, monkeypatch):
    root = pets(tmp_path)
    opened(root)
    before = versions.decoders()
    monkeypatch.setattr(versions, "decoders", lambda: before | {"pillow": "99.0"})
    monkeypatch.setattr(Image, "open", lambda file: pytest.fail("looked at"))
    with pytest.raises(BaseException, match="looked at"):
        opened(root)


@pytest.mark.fault(124)
def test_124_the_pixels_of_an_opened_dataset_are_not_cleared_for_another(tmp_path, monkeypatch):
    root = pets(tmp_path)
    dataset = opened(root)
    dataset.pixels(SMALL)
    used = {entry.path for entry in entries() if entry.kind == "pixels"}
    monkeypatch.setenv("ZOO_CACHE_SIZE", "20K")
    with pytest.raises(OSError, match="what runs are using fills the cache"):
        make_room(20 * 1024)
    assert all(path.exists() for path in used)
    dataset.held.close()
    make_room(20 * 1024)
    assert not any(path.exists() for path in used)


@pytest.mark.fault(124)
def test_124_pixels_that_another_process_clears_at_that_moment_are_made_again(tmp_path, monkeypatch):
    root = pets(tmp_path)
    whole = pixels._is_whole

    def cleared(path, num_bytes):
        found = whole(path, num_bytes)
        path.unlink(missing_ok=True)
        return found

    opened(root).pixels(SMALL)
    monkeypatch.setattr(pixels, "_is_whole", cleared)
    with pytest.warns(match="pixels are not kept on disk"):
        assert isinstance(opened(root).pixels(SMALL).train.images, MemorySource)


@pytest.mark.fault(125)
def test_125_a_cache_that_cannot_be_written_is_said_before_the_first_trial(tmp_path, monkeypatch):
    (tmp_path / "cache").touch()
    (note,) = opened(pets(tmp_path)).notes
    assert note == f"the cache {tmp_path}/cache/zoo cannot be written (Not a directory): nothing is kept in it"


@pytest.mark.fault(125)
def test_125_a_disk_that_fills_up_is_said_in_the_record_and_on_the_screen(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE_SIZE", "0")
    found = run(pets(tmp_path), "good/tiny", "--no-isolation", capsys=capsys)
    assert found.code == 0
    why = "pixels are not kept on disk: the cache takes at most 0 B (ZOO_CACHE_SIZE sets that); every trial makes them"
    assert f"note: good/tiny seed 1: 9.0 KiB of {why} again" in found.err
    assert why in found.records["good/tiny"].facts["pixels_note"]
    assert not cache_dir("pixels").exists() or not list(cache_dir("pixels").rglob("*.u8"))
