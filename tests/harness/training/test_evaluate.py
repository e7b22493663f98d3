"""Scores of a split by hand, and outputs that are kept in full whatever their size."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from harness.training.evaluate import (
    ROWS_AT_ONCE,
    evaluate,
    final_outputs,
    log_probabilities,
    predict,
    probabilities,
)
from harness.trial.outcome import MAX_SAVED_CLASSES, saved_predictions, validation_predictions
from results.ranking.metrics import score, top_error
from tests.harness.tiny import batches, config, trainable
from zoo.errors import ZooError


class Answers(nn.Module):
    """Gives the rows of `logits_NK` in turn, whatever the images are."""

    def __init__(self, logits_NK):
        super().__init__()
        self.logits_NK, self.num_given, self.modes = logits_NK, 0, []

    def forward(self, images):
        self.modes.append((self.training, torch.is_grad_enabled(), torch.is_autocast_enabled("cpu")))
        rows = self.logits_NK[self.num_given : self.num_given + len(images)]
        self.num_given += len(images)
        return rows


def split(num_images, num_classes=3, size=None):
    """Batches of images with the labels 0, 1, 2, 0, 1, …"""
    data = batches(num_images=num_images, num_classes=num_classes)
    data.eval_batch_size = size
    return data


# Labels 0 1 2 0 1: right, wrong, right, right (a tie goes to the lower class), wrong.
FIVE = torch.tensor([[2.0, 0, 0], [2.0, 0, 0], [0, 0, 2.0], [1.0, 1, 0], [0, 0, 2.0]])
LOSS = (3 * math.log(math.e**2 + 2) + math.log(2 * math.e + 1) + math.log(math.e**2 + 2) - 2 - 2 - 1) / 5


@pytest.mark.parametrize("size", [None, 1, 2, 4, 5])
def test_the_scores_of_five_images_are_what_one_counts_by_hand(size):
    scores = evaluate(trainable(Answers(FIVE)), split(5, size=size), config())
    assert scores.top1 == pytest.approx(60.0)
    assert scores.loss == pytest.approx(LOSS, abs=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_an_image_whose_output_is_not_finite_is_wrong_in_a_score_and_refused_in_the_end(bad):
    logits = FIVE.clone()
    logits[0, 1] = bad
    assert evaluate(trainable(Answers(logits)), split(5), config()).top1 == pytest.approx(40.0)
    logits[2, 0] = -math.inf
    with pytest.raises(ZooError) as caught:
        final_outputs(trainable(Answers(logits)), split(5), config())
    assert caught.value.cause == "in evaluation the model's output is not finite for 2 of 5 test images"
    assert caught.value.remedy == "look for a division by zero or an overflow in forward"


def test_outputs_come_in_the_splits_order_as_float32_from_eval_mode_without_gradients():
    model = Answers(FIVE.double())
    logits, labels = predict(trainable(model), split(5, size=2), config())
    assert torch.equal(logits, FIVE)
    assert (logits.dtype, labels.tolist()) == (torch.float32, [0, 1, 2, 0, 1])
    assert model.modes == [(False, False, False)] * 3
    assert not logits.is_inference()


def test_amp_is_on_in_evaluation_too():
    model = Answers(FIVE)
    final_outputs(trainable(model), split(5), config(amp=True))
    assert model.modes == [(False, False, True)]


def test_probabilities_are_refused_and_final_outputs_are_those_predicted():
    with pytest.raises(ZooError, match="probabilities"):
        final_outputs(trainable(Answers(FIVE.softmax(1))), split(5), config())
    logits, labels = final_outputs(trainable(Answers(FIVE)), split(5), config())
    assert torch.equal(logits, FIVE)
    assert labels.tolist() == [0, 1, 2, 0, 1]


def test_log_probabilities_are_exact_where_probabilities_are_0():
    logits = torch.tensor([[0.0, -1000.0, -2000.0], [5.0, 5.0, 5.0]])
    third = math.log(1 / 3)
    assert log_probabilities(logits).tolist() == [[0, -1000, -2000], pytest.approx([third] * 3)]
    assert probabilities(logits).tolist() == [[1, 0, 0], pytest.approx([1 / 3] * 3)]
    assert torch.equal(log_probabilities(log_probabilities(logits)), log_probabilities(logits))


def test_log_probabilities_of_finite_outputs_are_finite_and_of_nan_are_nan():
    huge = torch.tensor([[3e38, -3e38], [math.nan, 0.0]])
    assert log_probabilities(huge)[0].isfinite().all()
    assert log_probabilities(huge)[1].isnan().all()


def test_blocks_change_nothing():
    logits = torch.randn(ROWS_AT_ONCE + 3, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(log_probabilities(logits), logits.double().log_softmax(1).float())
    assert torch.equal(probabilities(logits), logits.double().softmax(1).float())


@pytest.mark.fault(136)
@pytest.mark.parametrize("num_classes", [10, MAX_SAVED_CLASSES, MAX_SAVED_CLASSES + 1])
def test_saved_predictions_rank_by_logits_where_float32_probabilities_are_0(num_classes):
    """Labels are the fifth best class of each image; all but the best are below 1e-400."""
    orders = torch.stack([torch.randperm(num_classes, generator=torch.Generator().manual_seed(i)) for i in range(20)])
    logits = torch.empty(20, num_classes).scatter_(1, orders, -1000 * torch.arange(float(num_classes)).expand(20, -1))
    saved = saved_predictions(logits, orders[:, 4])
    assert saved["top5_index"].tolist() == orders[:, :5].tolist()
    assert [top_error(saved, k) for k in (1, 4, 5)] == [100.0, 100.0, 0.0]
    whole = num_classes <= MAX_SAVED_CLASSES
    assert set(saved) == {"labels", "top5_index", "log_probs" if whole else "top5_log_prob"}
    figures = saved["log_probs" if whole else "top5_log_prob"]
    assert (figures.shape, figures.dtype) == ((20, num_classes if whole else 5), np.float32)
    losses = {m.name: m.values[0] for m in score(saved, [str(k) for k in range(num_classes)]).measurements}
    assert losses.get("test_loss") == (pytest.approx(4000.0) if whole else None)


@pytest.mark.fault(136)
def test_logits_that_float32_log_probabilities_cannot_tell_apart_are_ranked_as_the_model_did():
    logits = torch.tensor([[1e6, 5.0, 5.01, 5.02, 5.03, 5.04]])
    assert saved_predictions(logits, torch.tensor([0]))["top5_index"].tolist() == [[0, 5, 4, 3, 2]]
    assert len(set(log_probabilities(logits)[0].tolist())) == 3


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("num_classes", [7, MAX_SAVED_CLASSES + 1])
def test_validation_images_without_a_finite_output_are_kept_as_nan_and_the_others_as_test_images_are(num_classes, bad):
    logits = torch.randn(4, num_classes, generator=torch.Generator().manual_seed(1))
    logits[2, 3] = bad
    labels, others = torch.tensor([0, 1, 2, 3]), [0, 1, 3]
    saved, expected = validation_predictions(logits, labels), saved_predictions(logits[others], labels[others])
    assert set(saved) == {f"val_{name}" for name in expected}
    assert all(np.array_equal(saved[f"val_{name}"][others], expected[name]) for name in expected)
    figures = saved["val_log_probs" if num_classes == 7 else "val_top5_log_prob"]
    assert np.isnan(figures[2]).all()
    assert len(set(saved["val_top5_index"][2].tolist())) == 5
