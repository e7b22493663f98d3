"""Results of a trial's process are believed only where they fit the dataset and themselves."""

from __future__ import annotations

import numpy as np
import pytest

from harness.isolation.verify_scores import require_honest, require_validation
from results.ranking.metrics import best_classes
from zoo.errors import ZooError

LABELS = [0, 1, 2, 0]


def whole():
    """Four images, three of them right: 25 % error."""
    probs = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.1, 0.8, 0.1]], dtype=np.float32)
    return {"labels": np.array(LABELS), "top5_index": best_classes(probs), "log_probs": np.log(probs)}


def best_five():
    index = np.array([[0, 1, 2, 3, 4], [1, 0, 2, 3, 4], [2, 0, 1, 3, 4], [5, 0, 1, 2, 3]])
    return {"labels": np.array(LABELS), "top5_index": index, "top5_log_prob": np.full((4, 5), -2.0, dtype=np.float32)}


def changed(predictions, name, change):
    return predictions | {name: change(predictions[name].copy())}


def set_row(value, row=1):
    def change(array):
        array[row] = value
        return array

    return change


@pytest.mark.parametrize(("make", "num_classes"), [(whole, 3), (best_five, 200)])
def test_what_fits_is_believed(make, num_classes):
    require_honest(make(), np.array(LABELS), 25.0, num_classes)


def test_rows_that_are_not_finite_pass_and_count_as_wrong():
    require_honest(changed(whole(), "log_probs", set_row(np.nan)), LABELS, 50.0, 3)
    with pytest.raises(ZooError, match="claims a top-1 error of 25 %, but its predictions make it 50 %"):
        require_honest(changed(whole(), "log_probs", set_row(np.nan)), LABELS, 25.0, 3)


@pytest.mark.parametrize("claim", [0.0, 24.9, float("nan")])
def test_a_claim_that_its_predictions_do_not_make_is_refused(claim):
    with pytest.raises(ZooError, match=f"claims a top-1 error of {claim:.6g} %, but its predictions make it 25 %"):
        require_honest(whole(), LABELS, claim, 3)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("labels", set_row(2), "other labels than the dataset for 1 of 4 images"),
        ("labels", lambda array: array[:3], r"labels \[3\] of int64, wanted \[4\]"),
        ("labels", lambda array: array.astype(float), "of float64"),
        ("log_probs", lambda array: array[:, :, None], r"log_probs \[4, 3, 1\]"),
        ("log_probs", lambda array: array[:, :2], r"log_probs \[4, 2\] of float32, wanted \[4, 3\]"),
        ("log_probs", lambda array: array.astype(object), "of object"),
        ("log_probs", set_row(np.log([0.2, 0.9, 0.2])), "1 rows of 4 that are no log-probabilities"),
        ("log_probs", set_row(np.log([0.1, 0.5, 0.1])), "1 rows of 4 that are no log-probabilities"),
        ("log_probs", set_row([0.2, 0.9, 0.2]), "1 rows of 4 that are no log-probabilities"),
        ("log_probs", set_row([2e3, 0.0, -1.0]), "1 rows of 4 that are no log-probabilities"),
        ("top5_index", set_row([0, 1, 2]), "1 rows of 4 whose best classes are not in order"),
        ("top5_index", lambda array: array[:, :2], r"top5_index \[4, 2\]"),
    ],
)
def test_log_probabilities_that_do_not_fit_are_refused(name, change, message):
    with pytest.raises(ZooError, match=message):
        require_honest(changed(whole(), name, change), LABELS, 25.0, num_classes=3)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("top5_index", set_row(1), "named twice"),
        ("top5_index", set_row([0, 1, 2, 3, 200]), "do not exist"),
        ("top5_index", set_row([0, 1, 2, 3, -1]), "do not exist"),
        ("top5_index", lambda array: array[:, :4], r"top5_index \[4, 4\]"),
        ("top5_log_prob", set_row(np.log(0.3)), "no log-probabilities"),
        ("top5_log_prob", set_row([-2, -3, -4, -4, -3.5]), "1 rows of 4 whose best classes are not in order"),
    ],
)
def test_best_five_that_do_not_fit_are_refused(name, change, message):
    with pytest.raises(ZooError, match=message):
        require_honest(changed(best_five(), name, change), LABELS, 25.0, num_classes=200)


def test_best_five_that_are_not_the_most_probable_are_refused():
    log_probs = np.log(np.tile([0.3, 0.2, 0.2, 0.1, 0.08, 0.07, 0.05], (4, 1)))
    data = {"labels": np.array(LABELS), "top5_index": best_classes(log_probs), "log_probs": log_probs}
    require_honest(data, LABELS, 50.0, 7)
    # Of equals the logits may have put either first.
    require_honest(changed(data, "top5_index", set_row([0, 2, 1, 3, 4])), LABELS, 50.0, 7)
    with pytest.raises(ZooError, match="1 rows of 4 whose best classes are not the most probable"):
        require_honest(changed(data, "top5_index", set_row([0, 1, 2, 3, 6])), LABELS, 50.0, 7)


def test_a_result_without_predictions_is_refused():
    with pytest.raises(ZooError, match="has no top5_index"):
        require_honest({"labels": np.array(LABELS)}, LABELS, 25.0, 200)


def of_validation(make):
    return {f"val_{name}": array for name, array in make().items()}


@pytest.mark.parametrize(("make", "num_classes"), [(whole, 3), (best_five, 200)])
def test_validation_predictions_are_believed_where_they_fit_and_need_no_finite_rows(make, num_classes):
    predictions = of_validation(make)
    require_validation(predictions, np.array(LABELS), num_classes)
    name = "val_log_probs" if make is whole else "val_top5_log_prob"
    require_validation(changed(predictions, name, set_row(np.nan)), LABELS, num_classes)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("val_labels", set_row(2), "other val_labels than the dataset for 1 of 4 images"),
        ("val_labels", lambda array: array[:3], r"val_labels \[3\] of int64, wanted \[4\]"),
        ("val_log_probs", lambda array: array.astype("S8"), r"val_log_probs \[4, 3\] of \|S8"),
        ("val_log_probs", set_row([2e3, 0.0, -1.0]), "1 rows of 4 that are no log-probabilities"),
        ("val_top5_index", set_row([0, 1, 2]), "1 rows of 4 whose best classes are not in order"),
        ("val_top5_index", lambda array: None, "has no val_top5_index"),
    ],
)
def test_validation_predictions_that_do_not_fit_are_refused(name, change, message):
    with pytest.raises(ZooError, match=message):
        require_validation(changed(of_validation(whole), name, change), LABELS, num_classes=3)
