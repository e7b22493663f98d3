"""The dataset on its way: what is put together is what was handed over, wherever its images lay."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from harness.cluster.ray_engine import shipment
from harness.data.load import DatasetSource, load
from harness.isolation.dataset_files import hand_over, take_over
from tests.harness.pictures import folder
from zoo.discovery import discover

FOLDERS = ["train/cat", "train/dog", "test/cat", "test/dog"]


@pytest.fixture
def pictures(tmp_path):
    """A dataset of files, handed over."""
    root = folder(tmp_path / "data", FOLDERS, num=6)
    hand_over(load(DatasetSource(data_dir=root)), tmp_path / "handed")
    return tmp_path


def shipped(handed, there):
    """Ship what lies in `handed`, and put it together in `there`; returns the pieces."""
    pieces = shipment.ship(handed, lambda piece: piece)
    shipment.unload(shipment.describe(handed), pieces, there, lambda piece: piece)
    return pieces


def test_tensors_arrive_as_they_were_in_pieces_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(shipment, "PIECE_BYTES", 50_000)
    dataset = load(DatasetSource(spec=discover().dataset("digits")))
    hand_over(dataset, tmp_path / "handed")
    pieces = shipped(tmp_path / "handed", tmp_path / "there")
    assert len(pieces) == 3  # 1,797 images of 64 bytes
    shutil.rmtree(tmp_path / "handed")
    assert torch.equal(take_over(tmp_path / "there").pools["train"].images, dataset.pools["train"].images)


def test_files_arrive_with_the_content_that_was_opened_and_are_read_where_they_arrived(pictures):
    before = take_over(pictures / "handed")
    shipped(pictures / "handed", pictures / "there")
    after = take_over(pictures / "there")
    for name, pool in before.pools.items():
        assert after.pools[name].labels == pool.labels
        assert [path.read_bytes() for path in after.pools[name].images] == [path.read_bytes() for path in pool.images]
        assert all(path.is_relative_to(pictures / "there") for path in after.pools[name].images)
        assert list(after.pools[name].states) == list(pool.states)


def test_a_machine_that_sees_all_files_reads_them_where_they_lie(pictures):
    description = shipment.describe(pictures / "handed")
    assert shipment.is_seen(description)
    shipment.unload(description, (), pictures / "there", lambda piece: piece)
    assert take_over(pictures / "there").pools["test"].images == take_over(pictures / "handed").pools["test"].images


@pytest.mark.parametrize("age_s", [0, 60], ids=["young", "old"])
@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_bytes(b"other")])
def test_a_machine_that_lacks_a_file_or_has_another_under_its_name_does_not_see_them(pictures, change, age_s):
    description = shipment.describe(pictures / "handed")
    if age_s:  # files whose state says which size they had
        for pool in description["pools"].values():
            pool["states"] = [f"{'0' * 16} {Path(path).stat().st_size} 1 1 1 1" for path in pool["paths"]]
    assert shipment.is_seen(description)
    change(pictures / "data" / "test" / "dog" / "3.png")
    assert not shipment.is_seen(description)


def test_tensors_are_never_seen_where_they_lie(tmp_path):
    hand_over(load(DatasetSource(spec=discover().dataset("digits"))), tmp_path)
    assert not shipment.is_seen(shipment.describe(tmp_path))


def test_what_was_brought_only_in_part_is_brought_anew(pictures):
    description = shipment.describe(pictures / "handed")
    pieces = shipment.ship(pictures / "handed", lambda piece: piece)

    with pytest.raises(TypeError):
        shipment.unload(description, pieces, pictures / "there", lambda piece: [*piece[:3], ("train", None)])
    assert not (pictures / "there").exists()
    shipment.unload(description, pieces, pictures / "there", lambda piece: piece)
    taken = take_over(pictures / "there")
    assert taken.pools["train"].images[0].read_bytes() == (pictures / "data/train/cat/0.png").read_bytes()
