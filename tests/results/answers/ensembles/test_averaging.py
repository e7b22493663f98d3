"""Means of class probabilities: against plain arithmetic, of all classes and of the best five, and what is certain."""

from __future__ import annotations

import numpy as np
import pytest

from results.answers.ensembles.averaging import average, given_to
from results.ranking.metrics import best_classes, correct, ranked, top_error

NUM_IMAGES = 200


def trial(seed, num_classes=10, spread=2.0):
    generator = np.random.default_rng(seed)
    logits = spread * generator.normal(size=(NUM_IMAGES, num_classes))
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    labels = np.random.default_rng(0).integers(0, num_classes, NUM_IMAGES)
    return {"labels": labels, "top5_index": best_classes(logits), "log_probs": log_probs.astype(np.float32)}


def cut(whole):
    """The same as it is kept above 100 classes."""
    best = np.take_along_axis(whole["log_probs"], whole["top5_index"], axis=1)
    return {"labels": whole["labels"], "top5_index": whole["top5_index"], "top5_log_prob": best}


def plain_mean(trials):
    return np.mean([np.exp(one["log_probs"].astype(float)) for one in trials], axis=0)


def test_the_mean_of_three_is_that_of_their_probabilities():
    trials = [trial(seed) for seed in range(3)]
    found, mean = average(trials, 10), plain_mean(trials)
    order = np.argsort(-mean, axis=1, kind="stable")
    labels = trials[0]["labels"]
    assert np.exp(found["log_probs"]) == pytest.approx(mean)
    assert np.exp(found["label_log_prob"]) == pytest.approx(mean[np.arange(NUM_IMAGES), labels])
    assert (ranked(found) == order[:, :5]).all()
    assert top_error(found, 1) == pytest.approx(100 * np.mean(order[:, 0] != labels))
    assert top_error(found, 5) == pytest.approx(100 * np.mean((order[:, :5] != labels[:, None]).all(axis=1)))


@pytest.mark.parametrize("how", [lambda one: one, cut])
def test_the_mean_of_a_trial_with_itself_is_the_trial_where_float32_ranks_no_more_too(how):
    one = trial(1, 200)
    one["log_probs"][:, :50] = one["log_probs"].min()
    one["top5_index"][0] = [7, 3, 9, 1, 2]
    own = how(one)
    assert (ranked(average([own, own], 200)) == ranked(own)).all()
    assert (correct(average([own], 200)) == correct(own)).all()


def test_probabilities_of_runs_of_before_are_averaged_too_and_zeros_are_no_missing_answers():
    before = {"labels": np.array([0, 1]), "probs": np.array([[1.0, 0.0], [1.0, 0.0]])}
    assert correct(average([before, dict(before)], 2)).tolist() == [True, False]


def test_an_image_without_a_finite_output_of_one_member_is_missed_by_all_of_them_together():
    one, other = trial(1), trial(2)
    other["log_probs"][3] = np.nan
    found = average([one, other], 10)
    assert (ranked(found)[3] == -1).all()
    assert (ranked(found)[4] >= 0).all()


def test_of_the_best_five_the_rest_is_spread_evenly():
    index = np.array([[0, 1, 2, 3, 4]])
    first = {"labels": np.array([9]), "top5_index": index, "top5_log_prob": np.log([[0.4, 0.2, 0.1, 0.05, 0.05]])}
    second = {"labels": np.array([9]), "top5_index": index + 1, "top5_log_prob": np.log([[0.5, 0.2, 0.1, 0.1, 0.1]])}
    found = average([first, second], 105)
    # Class 0: 0.4 and what none is left of; class 1: 0.2 and 0.5; class 9: a hundredth of 0.2, and nothing.
    assert found["top5_index"][0].tolist() == [1, 0, 2, 3, 4]
    assert np.exp(found["top5_log_prob"][0]) == pytest.approx([0.35, 0.2, 0.15, 0.075, 0.075])
    assert np.exp(found["label_log_prob"]) == pytest.approx([0.001])
    assert found["certain"].tolist() == [True]


@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_where_the_best_five_are_certain_they_are_right(spread):
    trials = [trial(seed, 120, spread) for seed in range(3)]
    found, mean = average([cut(one) for one in trials], 120), plain_mean(trials)
    same = found["top5_index"][:, 0] == mean.argmax(axis=1)
    assert same[found["certain"]].all()
    if spread == 3.0:
        assert 0.3 < found["certain"].mean() < same.mean() <= 1
        assert same.mean() > 0.95


def test_what_a_trial_gave_to_a_class_is_found_in_every_form():
    whole = trial(3, 120)
    rows, classes = np.array([5, 9]), np.array([whole["top5_index"][5, 2], whole["top5_index"][9, 0]])
    expected = np.exp(whole["log_probs"][rows, classes])
    before = {"labels": whole["labels"], "probs": np.exp(whole["log_probs"])}
    for form in (whole, cut(whole), before):
        assert given_to(form, rows, classes) == pytest.approx(expected)
    worst = whole["log_probs"].argmin(axis=1)
    assert given_to(cut(whole), np.arange(NUM_IMAGES), worst).tolist() == [0.0] * NUM_IMAGES
