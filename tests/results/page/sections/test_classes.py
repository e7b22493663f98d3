"""Classes on the page: errors with their intervals, what they are taken for, and the confusion matrix."""

from __future__ import annotations

import numpy as np
import pytest

from results.answers.class_scores import class_scores
from results.page.sections.classes import data
from tests.results.classified import classified
from tests.results.runs import summary_of, trial
from tests.results.samples import stored_run

LABELS, ANSWERS, CLASSES = [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, -1], ["cat", "dog"]


def test_errors_are_what_harness_classes_leaves_of_100_percent(tmp_path):
    one = classified("net", LABELS, ANSWERS, CLASSES)
    (model,) = data("run", summary_of(one))["models"]
    stored_run(tmp_path, [one])
    scores = dict(class_scores([], tmp_path).rows)
    for own, index in zip(model["classes"], (1, 0), strict=True):
        recall = scores[index]["net"].recall
        assert own["name"] == CLASSES[index]
        assert own["error"] == pytest.approx(100 - recall.mean)
        assert own["ends"] == pytest.approx((100 - recall.high, 100 - recall.low))
    assert [own["taken_for"] for own in model["classes"]] == ["(no finite output) (50 %)", "dog (25 %)"]


def test_the_confusion_matrix_is_in_percent_of_each_class():
    (model,) = data("run", summary_of(classified("net", LABELS, ANSWERS, CLASSES)))["models"]
    assert model["confusion"] == {"classes": CLASSES, "percent": [[75.0, 25.0], [0.0, 50.0]]}


def test_of_many_classes_those_are_shown_that_are_mistaken_most_often():
    labels = np.repeat(np.arange(40), 2)
    answers = np.where(labels < 8, 39, labels)
    (model,) = data("run", summary_of(classified("net", labels, answers, [f"c{n}" for n in range(40)])))["models"]
    assert model["part"] == "The 9 of 40 classes mistaken most often."
    assert [own["name"] for own in model["classes"]] == [*(f"c{n}" for n in range(8)), "c39"]


def test_the_best_models_are_there_to_choose_from_and_none_without_counts():
    models = [classified(f"m{at}", LABELS, ANSWERS, CLASSES) for at in range(6)]
    found = data("run", summary_of(*models))
    assert ([one["model"] for one in found["models"]], found["part"]) == (
        ["m0", "m1", "m2", "m3"],
        "The best 4 of 6 models.",
    )
    assert data("run", summary_of(trial("net")))["models"] == []


def test_a_class_without_test_images_is_not_said_to_have_an_error():
    (model,) = data("run", summary_of(classified("net", [0, 0], [0, 1], ["cat", "dog"])))["models"]
    assert [own["name"] for own in model["classes"]] == ["cat"]
