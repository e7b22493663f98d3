"""What a record says of a training that diverged."""

from __future__ import annotations

import pytest

from harness.training.history import TrainingHistory, divergence


@pytest.mark.parametrize(
    ("row", "best_epoch", "message"),
    [
        ({"epoch": 0, "bad_step": 3}, -1, "at step 3 of epoch 1; the weights kept are those it began with"),
        ({"epoch": 4, "bad_step": 1}, 2, "at step 1 of epoch 5; the weights kept are those of epoch 3"),
        ({"epoch": 1}, 0, "in the evaluation after epoch 2; the weights kept are those of epoch 1"),
    ],
)
def test_where_it_diverged_and_what_was_kept(row, best_epoch, message):
    history = TrainingHistory(rows=[row], best_epoch=best_epoch, diverged=True)
    assert divergence(history) == f"the loss was not finite {message}; try a lower --lr"
