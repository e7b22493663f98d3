"""Shares of batches and splits: each image is exactly one process's, and what it sees is what one process would see."""

from __future__ import annotations

import pytest
import torch

from harness.data.batches.augment import basic
from harness.data.batches.batches import PixelBatches
from harness.data.batches.order import batch_sizes, part_sizes
from harness.data.batches.share import Share
from tests.harness.tiny import pixels


def shares(world_size, passes=1):
    return [Share(rank=rank, world_size=world_size, passes=passes) for rank in range(world_size)]


@pytest.mark.parametrize("world_size", [2, 3, 5])
@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("batch_size", [5, 16, 17, 32])
def test_every_image_of_a_batch_counts_in_one_process_and_in_the_pass_that_it_has_in_one(
    world_size, passes, batch_size
):
    by_process = [share.spans(batch_size) for share in shares(world_size, passes)]
    begin = 0
    for size, spans in zip(part_sizes(batch_size, passes), zip(*by_process, strict=True), strict=True):
        counted = [span for span in spans if span.counts]
        assert [place for span in counted for place in range(span.start, span.stop)] == [*range(begin, begin + size)]
        assert max(span.size for span in counted) - min(span.size for span in counted) <= 1
        begin += size


def test_a_process_without_an_image_of_its_own_takes_the_first_of_the_pass_which_does_not_count():
    first, second, third = (share.spans(2) for share in shares(3))
    assert [first, second, third] == [[(0, 1, False)], [(0, 1, True)], [(1, 2, True)]]


@pytest.mark.parametrize("num_images", [2, 3, 7, 12])
def test_every_image_of_a_split_is_evaluated_once(num_images):
    own = [share.of_split(num_images) for share in shares(3)]
    one = shares(3)[0]
    assert [len(rows) for rows in own] == (one.split_sizes(num_images) if one.divides(num_images) else [2, 2, 2])
    assert [row for rows in own for row in rows] == [*range(num_images)] * (1 if one.divides(num_images) else 3)


def test_batches_of_all_processes_are_those_of_one_augmentation_included():
    images, labels = pixels(37)
    options = {"mean": (0.5,), "std": (0.25,), "channels_out": 1, "batch_size": 16, "seed": 1, "augment": basic}
    whole, *parts = (PixelBatches(images, labels, **options, share=share) for share in [None, *shares(2)])
    assert whole.sizes == parts[0].sizes == batch_sizes(37, 16)
    for (batch, batch_labels), *own in zip(whole.train(1), *(part.train(1) for part in parts), strict=True):
        assert torch.equal(torch.cat([some for some, _ in own]), batch)
        assert torch.equal(torch.cat([some for _, some in own]), batch_labels)
    evaluated = [torch.cat([some for some, _ in part.eval()]) for part in [whole, *parts]]
    assert torch.equal(torch.cat(evaluated[1:]), evaluated[0])
