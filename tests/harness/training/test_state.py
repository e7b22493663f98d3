"""An epoch's losses are averaged over images, and the first that is not finite is named."""

from __future__ import annotations

import pytest
import torch

from harness.training.state import EpochLoss


@pytest.mark.parametrize(
    ("values", "bad_step"),
    [((1.0, 4.0), None), ((1.0, float("nan"), 2.0, float("nan")), 2), ((float("-inf"),), 1)],
)
def test_the_first_step_that_is_not_finite_is_counted_from_one(values, bad_step):
    losses = EpochLoss()
    for value in values:
        losses.add(torch.tensor(value), 2)
    assert losses.fetch()[1] == bad_step


def test_a_short_batch_weighs_no_more_than_its_images():
    losses = EpochLoss()
    losses.add(torch.tensor(1.0), 3)
    losses.add(torch.tensor(5.0), 1)
    assert losses.fetch() == (2.0, None)
