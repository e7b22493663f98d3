"""Which images probe a model: nested, balanced, whole groups, the same for everybody, and never a test image."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
import torch

from harness.data.load import DatasetSource, load
from harness.isolation.dataset_files import hand_over, take_over
from harness.picks.probes.image_sets import choose_images, nested_rows, set_sizes
from tests.harness.pictures import folder
from zoo.discovery import discover


@pytest.fixture(scope="module")
def digits():
    return load(DatasetSource(spec=discover().dataset("digits")))


def drawn(seed=0, num_rows=200, num_units=40, num_classes=4, nums=(30, 80)):
    random = Random(seed)
    units = [random.randrange(num_units) for _ in range(num_rows)]
    labels = [random.randrange(num_classes) for _ in range(num_rows)]
    return units, labels, nested_rows(range(num_rows), labels, units, nums, seed)


@pytest.mark.parametrize("seed", range(5))
def test_the_first_set_begins_the_second_and_no_group_is_torn(seed):
    units, _, (first, second) = drawn(seed)
    assert second[: len(first)] == first
    assert len(set(second)) == len(second)
    for rows in (first, second):
        inside = {units[row] for row in rows}
        assert {row for row in range(200) if units[row] in inside} == set(rows)


def test_classes_come_to_equal_numbers_as_far_as_they_have_images():
    labels = [0] * 100 + [1] * 50 + [2] * 5
    (first, all_of_them) = nested_rows(range(155), labels, range(155), (45, 1000), seed=0)
    assert Counter(labels[row] for row in first) == {0: 20, 1: 20, 2: 5}
    assert sorted(all_of_them) == list(range(155))


@pytest.mark.parametrize("seed", range(3))
def test_each_group_is_one_of_a_class_that_has_the_fewest_images_by_then(seed):
    units, labels, (rows,) = drawn(seed, nums=(100,))
    members = {unit: [row for row in range(200) if units[row] == unit] for unit in units}
    counts, left = Counter(dict.fromkeys(range(4), 0)), set(units)
    for unit in dict.fromkeys(units[row] for row in rows):
        to_have = {labels[row] for one in left for row in members[one]}
        fewest = min(counts[label] for label in to_have)
        assert fewest in {counts[labels[row]] for row in members[unit]}
        counts.update(labels[row] for row in members[unit])
        left.remove(unit)


def test_a_set_with_fewer_images_than_classes_does_not_take_the_first_classes():
    (rows,) = nested_rows(range(1000), range(1000), range(1000), (20,), seed=0)
    assert len(rows) == 20
    assert max(rows) > 500


def test_the_seed_decides_and_nothing_else():
    assert drawn(seed=1) == drawn(seed=1)
    labels, units = [0, 1] * 50, range(100)
    one, other = (nested_rows(range(100), labels, units, (10,), seed) for seed in (1, 2))
    assert one != other


@pytest.mark.parametrize(
    ("num_classes", "device", "expected"),
    [(2, "cpu", 200), (15, "cpu", 300), (1000, "cpu", 500), (2, "cuda", 300), (50, "cuda", 1000), (1000, "cuda", 2000)],
)
def test_sizes_follow_classes_within_the_bounds_of_the_device(num_classes, device, expected):
    assert set_sizes(num_classes, device) == (expected, 4 * expected)


def test_sets_of_a_dataset_have_its_pixels_and_labels_and_no_test_image(digits):
    images = choose_images(digits, 50, 120)
    pool, test = digits.pools["train"], set(digits.plan.test.rows)
    at = {pixels.numpy().tobytes(): row for row, pixels in enumerate(pool.images)}
    for name, part in images.second.pools.items():
        rows = [at[pixels.numpy().tobytes()] for pixels in part.images]
        assert not test & set(rows)
        assert [pool.labels[row] for row in rows] == list(part.labels)
        assert set(rows) <= set(digits.plan.val.rows if name == "val" else digits.plan.train.rows)
    assert torch.equal(images.first.pools["first"].images, images.second.pools["first"].images)
    assert images.judged[1].labels == tuple(images.first.pools["first"].labels)
    assert images.judged[2].labels == tuple(images.second.pools["val"].labels)


def test_sets_of_files_are_handed_over_and_copies_of_an_image_are_one(tmp_path):
    root = folder(tmp_path / "data", ["cat", "dog"], num=12)
    (root / "cat" / "copy.png").write_bytes((root / "cat" / "0.png").read_bytes())
    images = choose_images(load(DatasetSource(data_dir=root)), 6, 100)
    hand_over(images.second, tmp_path / "handed")
    taken = take_over(tmp_path / "handed")
    assert taken.counts == images.second.counts
    assert taken.fingerprint == images.first.fingerprint
    assert [path for pool in taken.pools.values() for path in pool.images] == [
        path for pool in images.second.pools.values() for path in pool.images
    ]
    everywhere = choose_images(load(DatasetSource(data_dir=root)), 1000, 1000).judged
    assert max(Counter((*everywhere[1].units, *everywhere[2].units)).values()) == 2
