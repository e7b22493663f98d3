"""Bad files are named all at once, or left out."""

import pytest

from harness.data.files.cache_entries import NoRoom
from harness.data.files.unreadable import require_readable
from harness.data.load import DatasetSource, load
from harness.data.pixels import sources
from harness.data.pixels.geometry import resolve
from tests.harness.pictures import folder, noise
from zoo import InputSpec, ZooError


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def cut(path):
    """Keep the header and lose most of the pixels."""
    path.write_bytes(path.read_bytes()[:300])


def pets(tmp_path, parts=("train/cat", "train/dog", "test/cat", "test/dog")):
    return folder(tmp_path / "pets", parts, num=6)


def kept(tmp_path):
    return [path for path in (tmp_path / "cache/zoo/pixels").rglob("*") if path.is_file()]


def small(dataset):
    return resolve(InputSpec(), dataset.size, dataset.channels, None, False)


def test_one_bad_header_makes_the_list_complete_over_all_parts(tmp_path):
    root = pets(tmp_path)
    (root / "train/cat/1.png").write_bytes(b"")
    cut(root / "test/dog/2.png")
    with pytest.raises(ZooError) as raised:
        load(DatasetSource(data_dir=root))
    assert raised.value.cause.startswith("2 images cannot be read: train/cat/1.png (empty file), test/dog/2.png (")
    assert f"harness check-data {root}" in raised.value.remedy
    assert "--skip-bad" in raised.value.remedy


def test_bad_pixels_are_found_as_they_are_made_and_then_listed_over_all_parts(tmp_path):
    root = pets(tmp_path)
    cut(root / "train/cat/1.png")
    cut(root / "test/dog/2.png")
    dataset = load(DatasetSource(data_dir=root))
    with pytest.raises(ZooError, match=r"1 image cannot be read: cat/1.png"):
        dataset.pixels(small(dataset))
    with pytest.raises(ZooError, match=r"2 images cannot be read: train/cat/1.png .*, test/dog/2.png"):
        dataset.require_readable()


def test_skipped_files_are_as_if_they_were_not_there(tmp_path):
    root = pets(tmp_path)
    bad = [root / "train/cat/1.png", root / "test/dog/2.png"]
    for path in bad:
        cut(path)
    skipped = load(DatasetSource(data_dir=root), skip_bad=True)
    assert skipped.left_out == ("train/cat/1.png", "test/dog/2.png")
    assert skipped.notes[0].startswith("2 images that cannot be read were left out: train/cat/1.png (")
    skipped.pixels(small(skipped))
    for path in bad:
        path.unlink()
    without = load(DatasetSource(data_dir=root))
    assert (skipped.fingerprint, skipped.plan) == (without.fingerprint, without.plan)
    assert without.left_out == ()


def test_a_part_that_loses_every_image_is_told(tmp_path):
    root = pets(tmp_path)
    for path in root.glob("test/*/*"):
        cut(path)
    with pytest.raises(ZooError, match="the test part of the dataset is empty"):
        load(DatasetSource(data_dir=root), skip_bad=True)


def no_room(num_bytes):
    raise NoRoom("full")


def test_data_that_is_decoded_anew_each_epoch_is_decoded_once_beforehand(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.data.pixels.prepare.make_room", no_room)
    monkeypatch.setattr("harness.data.pixels.prepare.free_memory", lambda: 0)
    root = pets(tmp_path)
    cut(root / "train/cat/1.png")
    dataset = load(DatasetSource(data_dir=root))
    with (
        pytest.warns(match="every epoch makes them again"),
        pytest.raises(ZooError, match="1 image cannot be read: cat/1"),
    ):
        dataset.pixels(small(dataset))


def test_a_file_that_changed_since_it_was_opened_is_named_and_nothing_is_kept(tmp_path):
    root = pets(tmp_path)
    dataset = load(DatasetSource(data_dir=root))
    noise(99, width=50).save(root / "train/cat/1.png")
    with pytest.raises(ZooError, match=rf"1 image cannot be read: cat/1.png \({sources.CHANGED}\)"):
        dataset.pixels(small(dataset))
    assert kept(tmp_path) == []


def test_good_files_are_no_error(tmp_path):
    paths = sorted(pets(tmp_path).rglob("*.png"))
    (facts,) = require_readable({"train": paths, "val": []}, thorough=True).values()
    assert len(facts) == 24
