"""Scores: exact values by hand, then scikit-learn's and timm's own, and the cases in which others are wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support, top_k_accuracy_score

from results.ranking.metrics import best_classes, correct, predicted, ranked, score, top_error
from results.store.codec import to_json
from tests.results.samples import record

# Ten images of eight classes: those of image i are in falling order i, i + 1, … modulo 8; its label is i + PLACES[i].
PLACES = (0, 0, 0, 1, 2, 3, 4, 4, 5, 7)
NUM_CLASSES = 8
LOGITS = np.array([[-float((k - i) % NUM_CLASSES) for k in range(NUM_CLASSES)] for i in range(10)], dtype=np.float32)
LABELS = np.array([(i + place) % NUM_CLASSES for i, place in enumerate(PLACES)])


def log_softmax(logits):
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    return (shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))).astype(np.float32)


def saved(logits, labels):
    return {"labels": np.asarray(labels), "top5_index": best_classes(logits), "log_probs": log_softmax(logits)}


def random_predictions(num_images=500, num_classes=12, seed=0):
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(num_images, num_classes))
    return saved(logits, generator.integers(0, num_classes, num_images))


def of_before(data):
    """The same in a file of a run of before, which kept probabilities alone."""
    return {"labels": data["labels"], "probs": np.exp(data["log_probs"])}


def best_five(data):
    chosen = np.take_along_axis(data["log_probs"], data["top5_index"], 1)
    return {"labels": data["labels"], "top5_index": data["top5_index"], "top5_log_prob": chosen}


def best_five_of_before(data):
    short = best_five(data)
    return {"labels": data["labels"], "top5_index": data["top5_index"], "top5_prob": np.exp(short["top5_log_prob"])}


FORMS = [dict, of_before, best_five, best_five_of_before]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("k", "error"), [(1, 70.0), (2, 60.0), (3, 50.0), (4, 40.0), (5, 20.0)])
def test_top_errors_of_ten_images_are_what_one_counts_by_hand(form, k, error):
    assert top_error(form(saved(LOGITS, LABELS)), k) == pytest.approx(error)


@pytest.mark.parametrize("form", FORMS)
def test_the_score_of_ten_images_is_what_one_counts_by_hand(form):
    data = form(saved(LOGITS, LABELS))
    scores = score(data, list("abcdefgh"))
    values = {m.name: (m.unit, *m.values) for m in scores.measurements}
    loss = np.mean(PLACES) + np.log(np.exp(-np.arange(8.0)).sum())
    expected = {"top1_err": ("%", 70.0), "top5_err": ("%", 20.0), "test_loss": ("nat", pytest.approx(loss, rel=1e-6))}
    if form in (best_five, best_five_of_before):
        del expected["test_loss"]
    assert values == {name: (unit, pytest.approx(value)) for name, (unit, value) in expected.items()}
    assert list(values) == list(expected)


def test_predicted_correct_and_ranked_of_ten_images():
    data = saved(LOGITS, LABELS)
    assert predicted(data).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0, 1]
    assert correct(data).tolist() == [True] * 3 + [False] * 7
    assert ranked(data)[6].tolist() == [6, 7, 0, 1, 2]
    assert ranked(of_before(data)).tolist() == ranked(data).tolist()


def test_per_class_scores_of_five_images_by_hand():
    """Labels a a a b b, answers a a b b c."""
    logits = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 2]]
    scores = score(saved(logits, [0, 0, 0, 1, 1]), ["a", "b", "c"])
    assert scores.confusion_counts == ((0, 0, 2), (0, 1, 1), (1, 1, 1), (1, 2, 1))
    a, b, c = scores.per_class
    third = pytest.approx(200 / 3)
    assert a == {"name": "a", "n": 3, "accuracy": third, "precision": 100.0, "recall": third, "f1": pytest.approx(80)}
    assert b == {"name": "b", "n": 2, "accuracy": 50.0, "precision": 50.0, "recall": 50.0, "f1": pytest.approx(50)}
    assert c == {"name": "c", "n": 0, "accuracy": None, "precision": 0.0, "recall": None, "f1": 0.0}


def test_top_1_and_top_5_agree_with_scikit_learn():
    data = random_predictions()
    for k in (1, 5):
        theirs = top_k_accuracy_score(data["labels"], data["log_probs"], k=k, labels=range(12))
        assert top_error(data, k) == pytest.approx(100 * (1 - theirs))


def test_top_1_and_top_5_agree_with_timm():
    torch, utils = pytest.importorskip("torch"), pytest.importorskip("timm.utils")
    data = random_predictions(seed=1)
    theirs = utils.accuracy(torch.tensor(data["log_probs"]), torch.tensor(data["labels"]), topk=(1, 5))
    assert [top_error(data, k) for k in (1, 5)] == pytest.approx([100 - float(acc) for acc in theirs], abs=1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_the_best_five_alone_and_files_of_before_give_the_same_errors(form):
    data = random_predictions()
    assert [top_error(form(data), k) for k in (1, 5)] == [top_error(data, k) for k in (1, 5)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_wrong_even_for_class_0(form, bad):
    data = form({**saved(np.zeros((4, 10)), [0, 0, 0, 0])})
    figures = next(name for name in data if "prob" in name)
    data[figures][1:3, 2] = bad
    assert (top_error(data, 1), top_error(data, 5)) == (50.0, 50.0)
    assert predicted(data).tolist() == [0, -1, -1, 0]
    assert score(data, list("abcdefghij")).confusion_counts == ((0, -1, 2), (0, 0, 2))


def test_predictions_without_figures_are_none():
    with pytest.raises(KeyError, match=r"^'predictions without log_probs or top5_log_prob or probs or top5_prob"):
        ranked({"labels": LABELS, "top5_index": best_classes(LOGITS)})


@pytest.mark.parametrize(("num_classes", "has_top5"), [(3, False), (5, False), (6, True)])
def test_top_5_is_left_out_below_six_classes(num_classes, has_top5):
    scores = score(saved(np.eye(num_classes), range(num_classes)), list("abcdef")[:num_classes])
    assert [m.name for m in scores.measurements] == ["top1_err", *["top5_err"] * has_top5, "test_loss"]


def test_equal_scores_are_ranked_by_class_number():
    assert best_classes(np.zeros((1, 7))).tolist() == [[0, 1, 2, 3, 4]]
    assert best_classes(np.array([[1.0, 3, 2, 3, 3, 0, 2]])).tolist() == [[1, 3, 4, 2, 6]]
    constant = saved(np.full((12, 12), 7.0), range(12))
    assert [top_error(constant, k) for k in (1, 5)] == pytest.approx([100 * 11 / 12, 100 * 7 / 12])


def test_ranking_changes_no_scores():
    logits = LOGITS.copy()
    best_classes(logits)
    assert np.array_equal(logits, LOGITS)


def test_per_class_scores_confusion_and_loss_agree_with_scikit_learn():
    data = random_predictions(num_classes=6)
    scores = score(data, list("abcdef"))
    answers = data["log_probs"].argmax(1)
    precision, recall, f1, counts = precision_recall_fscore_support(data["labels"], answers)
    for row, expected in zip(scores.per_class, zip(precision, recall, f1, counts, strict=True), strict=True):
        assert [row["precision"], row["recall"], row["f1"]] == pytest.approx([100 * value for value in expected[:3]])
        assert row["n"] == expected[3]
    whole = np.zeros((6, 6), dtype=int)
    for true, answer, count in scores.confusion_counts:
        whole[true, answer] = count
    assert np.array_equal(whole, confusion_matrix(data["labels"], answers))
    assert scores.measurements[-1].values[0] == pytest.approx(log_loss(data["labels"], np.exp(data["log_probs"])))


def test_a_class_without_test_images_has_no_accuracy():
    scores = score(saved(np.eye(3)[[0, 0, 1]], [0, 0, 1]), ["a", "b", "empty"])
    assert scores.per_class[2] == {
        "name": "empty", "n": 0, "accuracy": None, "precision": None, "recall": None, "f1": None,
    }  # fmt: skip


@pytest.mark.fault(135)
def test_a_record_of_3000_classes_grows_with_its_images_not_with_the_square_of_its_classes():
    num_classes, num_images = 3000, 6000
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(num_images, num_classes)).astype(np.float32)
    labels = generator.integers(0, num_classes, num_images)
    scores = score(best_five(saved(logits, labels)), [str(number) for number in range(num_classes)])
    assert len(scores.confusion_counts) <= num_images
    assert sum(count for _, _, count in scores.confusion_counts) == num_images
    kept = record(per_class=scores.per_class, confusion_counts=scores.confusion_counts)
    assert len(to_json(kept)) < 1.5 * 2**20
    assert len(json.dumps(scores.confusion_counts)) < 20 * num_images


@pytest.mark.fault(136)
@pytest.mark.parametrize("scale", [1e3, 1e6])
def test_classes_of_probabilities_below_the_smallest_float_are_still_ranked(scale):
    """By probabilities class 0 comes before all that became 0 together, and the loss of a wrong answer is infinite."""
    data = saved(scale * LOGITS, LABELS)
    scores = score(data, list("abcdefgh"))
    assert [m.values[0] for m in scores.measurements[:2]] == pytest.approx([70.0, 20.0])
    assert scores.measurements[2].values[0] == pytest.approx(scale * np.mean(PLACES))


def test_a_certain_and_wrong_answer_in_a_file_of_before_has_an_infinite_loss_and_no_warning():
    data = {"labels": np.array([0, 1]), "probs": np.array([[1.0, 0.0], [1.0, 0.0]])}
    with np.errstate(divide="raise"):
        assert score(data, ["a", "b"]).measurements[-1].values == (np.inf,)
