"""Parts of a batch are balanced like batches: batch normalisation meets a single image in neither."""

from __future__ import annotations

import pytest

from harness.data.batches.order import batch_sizes, part_sizes


@pytest.mark.parametrize("parts", [1, 2, 3, 4, 8, 32])
def test_parts_are_all_of_the_batch_of_almost_equal_size_and_never_one_image(parts):
    for num_images in range(2, 130):
        sizes = part_sizes(num_images, parts)
        assert sum(sizes) == num_images
        assert len(sizes) <= parts
        assert min(sizes) >= 2
        assert max(sizes) - min(sizes) <= 1
        assert len(sizes) == parts or num_images < 2 * parts


@pytest.mark.parametrize("parts", [2, 4])
def test_no_size_of_a_training_set_leaves_a_single_image(parts):
    """22 % of all sizes did, with four parts of a batch of 32."""
    for num_images in range(33, 200):
        assert min(size for batch in batch_sizes(num_images, 32) for size in part_sizes(batch, parts)) > 1


@pytest.mark.parametrize(
    ("num_images", "parts", "sizes"),
    [(13, 4, [4, 3, 3, 3]), (9, 4, [3, 2, 2, 2]), (5, 4, [3, 2]), (3, 2, [3]), (2, 2, [2]), (1, 4, [1]), (32, 1, [32])],
)
def test_as_many_parts_as_leave_two_images_each(num_images, parts, sizes):
    assert part_sizes(num_images, parts) == sizes
