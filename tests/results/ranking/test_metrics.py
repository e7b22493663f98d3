"""Scores against scikit-learn's and timm's own, and the cases in which others are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, precision_recall_fscore_support, top_k_accuracy_score

from results.ranking.metrics import correct, score, top_error


def random_predictions(num_images=500, num_classes=12, seed=0):
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(num_images, num_classes))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return {"labels": generator.integers(0, num_classes, num_images), "probs": probs}


def test_top_1_and_top_5_agree_with_scikit_learn():
    data = random_predictions()
    for k in (1, 5):
        theirs = top_k_accuracy_score(data["labels"], data["probs"], k=k, labels=range(12))
        assert top_error(data, k) == pytest.approx(100 * (1 - theirs))


def test_top_1_and_top_5_agree_with_timm():
    torch, utils = pytest.importorskip("torch"), pytest.importorskip("timm.utils")
    data = random_predictions(seed=1)
    theirs = utils.accuracy(torch.tensor(data["probs"]), torch.tensor(data["labels"]), topk=(1, 5))
    assert [top_error(data, k) for k in (1, 5)] == pytest.approx([100 - float(acc) for acc in theirs], abs=1e-4)


def test_the_best_five_alone_give_the_same_errors():
    data = random_predictions()
    order = np.argsort(-data["probs"], axis=1)[:, :5]
    short = {"labels": data["labels"], "top5_index": order, "top5_prob": np.take_along_axis(data["probs"], order, 1)}
    assert [top_error(short, k) for k in (1, 5)] == [top_error(data, k) for k in (1, 5)]


def test_rows_that_are_not_finite_are_wrong_even_for_class_0():
    data = {"labels": np.zeros(4, dtype=int), "probs": np.full((4, 10), np.nan)}
    assert (top_error(data, 1), top_error(data, 5), correct(data).sum()) == (100.0, 100.0, 0)


def test_top_5_is_left_out_below_six_classes():
    three = score({"labels": np.array([0, 1, 2]), "probs": np.eye(3)}, ["a", "b", "c"])
    assert [m.name for m in three.measurements] == ["top1_err", "test_loss"]


def test_per_class_scores_confusion_and_loss_agree_with_scikit_learn():
    data = random_predictions(num_classes=6)
    scores = score(data, list("abcdef"))
    predicted = data["probs"].argmax(1)
    precision, recall, f1, counts = precision_recall_fscore_support(data["labels"], predicted)
    for row, expected in zip(scores.per_class, zip(precision, recall, f1, counts, strict=True), strict=True):
        assert [row["precision"], row["recall"], row["f1"]] == pytest.approx([100 * value for value in expected[:3]])
        assert row["n"] == expected[3]
    assert np.trace(np.array(scores.confusion)) == correct(data).sum()
    assert scores.measurements[-1].values[0] == pytest.approx(log_loss(data["labels"], data["probs"]))


def test_a_class_without_test_images_has_no_accuracy():
    scores = score({"labels": np.array([0, 0, 1]), "probs": np.eye(3)[[0, 0, 1]]}, ["a", "b", "empty"])
    assert scores.per_class[2] == {
        "name": "empty", "n": 0, "accuracy": None, "precision": None, "recall": None, "f1": None,
    }  # fmt: skip
