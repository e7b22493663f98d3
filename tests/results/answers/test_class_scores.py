"""Scores of classes against scikit-learn and statsmodels, their intervals against simulated truth, and their order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support
from statsmodels.stats.proportion import proportion_confint

from results.answers.asked import run_and_models
from results.answers.class_scores import class_scores, rate
from results.tables.answers.classes import lines
from tests.results.classified import classified
from tests.results.runs import trial
from tests.results.samples import stored_run

CLASSES = ("elm", "oak", "fir", "yew")


def answers_of(generator, labels, share_wrong):
    wrong = generator.random(len(labels)) < share_wrong
    return np.where(wrong, generator.integers(0, len(CLASSES), len(labels)), labels)


def ends(interval):
    return interval.low / 100, interval.high / 100


@pytest.mark.parametrize("number", range(10))
def test_figures_are_scikit_learns_and_intervals_those_of_statsmodels(tmp_path, number):
    generator = np.random.default_rng(number)
    labels = generator.choice(4, 200, p=(0.4, 0.3, 0.2, 0.1))
    answers = answers_of(generator, labels, 0.4)
    stored_run(tmp_path, [classified("vit", labels, answers, CLASSES)])
    found = {index: by_model["vit"] for index, by_model in class_scores([], tmp_path).rows}
    precision, recall, f1, support = precision_recall_fscore_support(labels, answers, labels=range(4))
    for index, score in found.items():
        hits, taken = int((labels[answers == index] == index).sum()), int((answers == index).sum())
        either = int(((answers == index) | (labels == index)).sum())
        assert score.recall.mean == pytest.approx(100 * recall[index])
        assert score.precision.mean == pytest.approx(100 * precision[index])
        assert score.f1.mean == pytest.approx(100 * f1[index])
        assert ends(score.recall) == pytest.approx(proportion_confint(hits, support[index], method="wilson"))
        assert ends(score.precision) == pytest.approx(proportion_confint(hits, taken, method="wilson"))
        jaccard = proportion_confint(hits, either, method="wilson")
        assert ends(score.f1) == pytest.approx([2 * end / (1 + end) for end in jaccard])


@pytest.mark.parametrize("num_seeds", [2, 3, 5])
@pytest.mark.parametrize("seed_effect", [0.0, 0.4])
def test_the_interval_over_several_seeds_covers_the_truth(num_seeds, seed_effect):
    generator, covered = np.random.default_rng(0), 0
    chances = 1 / (
        1 + np.exp(-(1.5 + 1.5 * generator.normal(size=(200_000,)) + seed_effect * generator.normal(size=200_000)))
    )
    truth = 100 * chances.mean()
    for _ in range(1000):
        hard, seeds = 1.5 * generator.normal(size=60), seed_effect * generator.normal(size=(num_seeds, 1))
        right = generator.random((num_seeds, 60)) < 1 / (1 + np.exp(-(1.5 + hard + seeds)))
        found = rate([int(hits) for hits in right.sum(axis=1)], [60] * num_seeds)
        covered += found.low <= truth <= found.high
    # Wider than need be, since seeds are taken to meet the same images, and never much too narrow.
    assert covered >= 930


def test_the_worst_class_comes_first_by_the_mean_of_the_models_and_says_what_it_is_taken_for(tmp_path):
    labels = np.repeat([0, 1, 2], 10)
    first = np.where(labels == 1, [2] * 12 + [0] * 5 + [-1] * 13, labels)
    second = np.where(labels == 2, 0, labels)
    stored_run(tmp_path, [classified("a", labels, first, CLASSES), classified("b", labels, second, CLASSES)])
    found = class_scores(["a", "b"], tmp_path)
    # The first of those that are equal is the first of the classes; one without images, last.
    assert [found.classes[index] for index, _ in found.rows] == ["oak", "fir", "elm", "yew"]
    assert found.support == (10, 10, 10, 0)
    assert found.rows[0][1]["a"].taken_for == ((0, 5.0), (-1, 3.0), (2, 2.0))
    last = found.rows[-1][1]["a"]
    assert (last.recall, last.precision, last.f1, last.taken_for) == (None, None, None, ())


def test_several_seeds_are_taken_together(tmp_path):
    labels = np.repeat([0, 1], 50)
    seeds = [
        classified("a", labels, np.where(np.arange(100) < wrong, 1, labels), CLASSES, seed)
        for seed, wrong in ((1, 5), (2, 15))
    ]
    stored_run(tmp_path, seeds)
    scores = dict(class_scores([], tmp_path).rows)[0]["a"]
    assert scores.recall.mean == pytest.approx(80)
    assert scores.taken_for == ((1, 10.0),)
    assert scores.recall.low < 70 < 90 < scores.recall.high


def test_without_predictions_the_counts_of_the_record_are_enough(tmp_path):
    record, arrays = classified("a", np.repeat([0, 1], 50), np.zeros(100, int), CLASSES)
    with_arrays, without = tmp_path / "a", tmp_path / "b"
    for folder, kept in ((with_arrays, arrays), (without, {})):
        folder.mkdir()
        stored_run(folder, [(record, kept)])
    kept, lost = (class_scores(["a"], folder).rows[0][1]["a"].recall for folder in (with_arrays, without))
    assert (kept.low, kept.mean, kept.high) == pytest.approx((lost.low, lost.mean, lost.high))


def test_of_many_models_the_four_best_are_shown_unless_others_are_named(tmp_path):
    labels = np.repeat([0, 1], 50)
    wrong = [
        classified(name, labels, np.where(np.arange(100) < 9 * i, 1, labels), CLASSES)
        for i, name in enumerate("fedcba")
    ]
    stored_run(tmp_path, wrong)
    found = class_scores([], tmp_path)
    assert (list(found.rows[0][1]), found.num_models) == (["f", "e", "d", "c"], 6)
    assert list(class_scores(["a", "f"], tmp_path).rows[0][1]) == ["a", "f"]


def test_the_first_name_may_be_a_run(tmp_path):
    first = stored_run(tmp_path, [trial("a"), trial("b")], name="2026-11-20-leaves-aaaa")
    latest = stored_run(tmp_path, [trial("b"), trial("aa")], name="2026-11-21-leaves-bbbb")
    assert run_and_models([], tmp_path) == (latest, [])
    assert run_and_models(["b"], tmp_path) == (latest, ["b"])
    assert run_and_models(["aaaa"], tmp_path) == (first, [])
    # A model of the latest run is not taken for how the name of a run begins.
    assert run_and_models(["aa", "b"], tmp_path) == (latest, ["aa", "b"])
    assert run_and_models(["aaa", "b"], tmp_path) == (first, ["b"])
    assert run_and_models([str(first.path), "a"], tmp_path / "nowhere") == (first, ["a"])


@pytest.mark.parametrize(
    ("names", "cause", "code"),
    [
        (["vitt"], r"run .* has no model 'vitt'\. Did you mean vit\?", 2),
        (["vit", "nope"], "run .* has no model 'nope'", 2),
        (["gone"], "no trial of gone ended well: FAIL:no room", 3),
        (["vit"], "the records of vit have no scores of classes", 3),
    ],
)
def test_what_is_not_there_is_said(tmp_path, names, cause, code):
    record, arrays = trial("vit")
    stored_run(tmp_path, [(replace(record, data={}), arrays), trial("gone", status="oom", cause="no room")])
    with pytest.raises(Exception, match=cause) as caught:
        class_scores(names, tmp_path)
    assert caught.value.exit_code == code
    assert caught.value.remedy


def test_of_images_in_groups_recall_is_as_uncertain_as_the_groups_are(tmp_path):
    labels, groups = np.arange(200) % 2, np.arange(200) // 20
    answers = np.where((groups == 3) & (labels == 1), 0, labels)
    record, arrays = classified("vit", labels, answers, ("elm", "oak"))
    for name, kept in (("alone", arrays), ("grouped", arrays | {"groups": groups})):
        stored_run(tmp_path / name, [(record, kept)])
    alone, grouped = (class_scores([], tmp_path / name) for name in ("alone", "grouped"))
    widths = [scores.rows[0][1]["vit"].recall.high - scores.rows[0][1]["vit"].recall.low for scores in (alone, grouped)]
    assert (alone.clustered, grouped.clustered, widths[1] > 2 * widths[0]) == (False, True, True)
    said = "Images come in groups: intervals of accuracy allow for that, those of precision and F1 do not."
    assert [said in lines(scores, 0) for scores in (alone, grouped)] == [False, True]
