"""Folds put together: one record a repeat, with the answers to all images in their order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from results.answers.class_scores import class_scores
from results.answers.compared import compared
from results.ranking import resolution, selection
from results.ranking.comparability import NotComparable
from results.ranking.compare import rank
from results.ranking.error_intervals import error_interval
from results.ranking.folds import repeats
from results.ranking.summary import summarise, without_ranking
from results.records import Failure, Measurement
from tests.results.runs import Folder, trial
from tests.results.samples import stored_run

NUM_IMAGES, NUM_FOLDS = 30, 3
LABELS = np.arange(NUM_IMAGES) % 2


def cut(seed):
    """The rows of each fold, another cut for each seed."""
    order = np.random.default_rng(seed).permutation(NUM_IMAGES)
    return [np.sort(order[fold::NUM_FOLDS]) for fold in range(NUM_FOLDS)]


def fold_of(model, seed, fold, wrong, groups=None, **fields):
    """A trial that was tested on one fold, and is wrong where `wrong` says so."""
    rows = cut(seed)[fold - 1]
    probs = np.eye(2)[np.where(np.isin(rows, wrong), 1 - LABELS[rows], LABELS[rows])]
    share = 100 * float(np.isin(rows, wrong).mean())
    data = {"num_test": NUM_IMAGES, "folds": NUM_FOLDS}
    times = {"cpu_infer_step_time": (1.0, 1.1, 1.2)} if fold == 1 else {}
    record, _ = trial(model, seed, data=data, top1_err=(share,), train_seconds=(float(fold),), **times, **fields)
    arrays = {"labels": LABELS[rows], "probs": probs, "rows": rows}
    arrays |= {} if groups is None else {"groups": groups[rows]}
    said = {"key": f"{model}-{seed}-{fold}", "trial": {"fold": fold, "folds": NUM_FOLDS}}
    return replace(record, **said), arrays


def folds_of(model, seed, wrong, groups=None):
    return [fold_of(model, seed, fold, wrong, groups) for fold in (3, 1, 2)]


def pooled(trials):
    folder = Folder(trials)
    return repeats(folder.records(), folder.predictions)


def test_the_answers_of_all_folds_stand_in_the_order_of_the_images():
    (record,), predictions = pooled(folds_of("vit", 1, wrong=[0, 7, 8]))
    arrays = predictions(record)
    assert arrays["labels"].tolist() == LABELS.tolist()
    assert np.flatnonzero(arrays["probs"].argmax(1) != LABELS).tolist() == [0, 7, 8]
    assert record.measured("top1_err").values == pytest.approx((10.0,))
    assert record.confusion_counts == ((0, 0, 13), (0, 1, 2), (1, 0, 1), (1, 1, 14))


def test_times_are_those_of_the_fold_that_was_timed_and_other_figures_means_over_folds():
    (record,), _ = pooled(folds_of("vit", 1, wrong=[]))
    assert record.measured("cpu_infer_step_time").values == (1.0, 1.1, 1.2)
    assert record.measured("train_seconds").values == (2.0,)


def test_repeats_are_ranked_like_seeds_on_all_images():
    """By hand: what each image's own fold answered, repeat by repeat."""
    wrong = {("vit", 1): [0, 1], ("vit", 2): [1, 2], ("mlp", 1): [5, 6, 7], ("mlp", 2): [5]}
    folder = Folder([one for (model, seed), rows in wrong.items() for one in folds_of(model, seed, rows)])
    summary = summarise(folder.records(), folder.predictions)
    for model in ("vit", "mlp"):
        by_hand = np.stack([~np.isin(np.arange(NUM_IMAGES), wrong[model, seed]) for seed in (1, 2)])
        assert np.array_equal(summary.correct[model], by_hand)
    assert (summary.folds, summary.num_images, summary.num_seeds) == (NUM_FOLDS, NUM_IMAGES, (2, 2))
    assert [(row.model, round(row.error.mean, 2)) for row in summary.ranked] == [("mlp", 6.67), ("vit", 6.67)]


def test_a_repeat_of_which_a_fold_failed_is_not_ranked_and_says_which():
    trials = folds_of("vit", 1, [0]) + folds_of("mlp", 1, [0, 1])
    broken = replace(trials[0][0], status="oom", error=Failure(phase="train", cause="out of memory"), measurements=())
    folder = Folder([(broken, {}), *trials[1:]])
    summary = summarise(folder.records(), folder.predictions)
    assert [row.model for row in summary.ranked] == ["mlp"]
    (row,) = summary.unranked
    assert (row.model, row.status, row.note) == ("vit", "oom", "FAIL:fold 3: out of memory")


def test_a_repeat_that_is_not_over_is_not_ranked_and_says_how_far_it_is():
    folder = Folder(folds_of("vit", 1, [0])[:2] + folds_of("mlp", 1, [0, 1]))
    (row,) = summarise(folder.records(), folder.predictions).unranked
    assert (row.model, row.note) == ("vit", "SKIP:2 of 3 folds have ended")


def test_a_model_is_ranked_by_its_whole_repeats_and_says_what_it_lacks():
    folder = Folder(
        folds_of("vit", 1, [0]) + folds_of("vit", 2, [0])[:2] + folds_of("mlp", 1, []) + folds_of("mlp", 2, [])
    )
    summary = summarise(folder.records(), folder.predictions)
    notes = {row.model: row.note for row in summary.ranked}
    assert notes == {"mlp": "", "vit": "1 of 2 repeats are not whole (2 of 3 folds have ended)"}
    assert len(summary.correct["vit"]) == 1


def test_folds_that_do_not_have_every_image_once_are_not_ranked():
    trials = folds_of("vit", 1, [0])
    twice = [trials[0], trials[1], (trials[2][0], trials[1][1])]
    (row,) = summarise(Folder(twice).records(), Folder(twice).predictions).unranked
    assert row.note == "no predictions were kept, so it cannot be ranked"


def test_groups_follow_their_images_into_the_ranking():
    groups = np.arange(NUM_IMAGES) // 5 + 40
    folder = Folder(folds_of("vit", 1, [0], groups) + folds_of("mlp", 1, [9, 20], groups))
    summary = summarise(folder.records(), folder.predictions)
    assert summary.clusters.tolist() == (np.arange(NUM_IMAGES) // 5).tolist()
    assert summary.num_groups == 6


def test_notes_of_all_folds_are_kept_once_and_one_that_does_not_repeat_is_enough():
    trials = [
        fold_of("vit", 1, fold, [], facts={"notes": note, "deterministic": fold != 2})
        for fold, note in ((1, "a; b"), (2, "b; c"), (3, "a"))
    ]
    (record,), _ = pooled(trials)
    assert (record.facts["notes"], record.facts["deterministic"]) == ("a; b; c", False)


def test_records_without_folds_stay_as_they_are():
    folder = Folder([trial("vit", 1), trial("vit", 2)])
    records, predictions = repeats(folder.records(), folder.predictions)
    assert records == folder.records()
    assert predictions(records[1]) is folder.trials[1][1]


def test_the_figures_of_a_fold_that_all_failed_do_not_count():
    record, _ = fold_of("vit", 1, 1, [])
    lost = replace(record, status="failed", error=None, measurements=(Measurement(name="x", unit="", values=(1.0,)),))
    (one,), _ = pooled([(lost, {}), *folds_of("vit", 1, [])[2:]])
    assert (one.status, one.error.cause, one.measurements) == ("failed", "fold 1: failed", ())


@pytest.mark.parametrize("groups", [None, np.arange(NUM_IMAGES) // 3])
def test_what_asks_a_stored_run_asks_one_in_folds_too(tmp_path, groups):
    """`compare`, of one run and of two, and `classes`: on all images, and on the same ones."""
    for name, wrong in (("a", [0, 1, 2]), ("b", [0, 15])):
        stored_run(tmp_path, folds_of("vit", 1, wrong, groups) + folds_of("mlp", 1, range(24), groups), name)
    (pair,) = compared("vit", "mlp", "a", tmp_path).pairs
    assert (pair.error.both_right, pair.error.only_first, pair.error.only_second) == (6, 21, 0)
    first = next(pair for pair in compared("a", "b", None, tmp_path).pairs if pair.model == "vit")
    assert (first.error.only_second, first.error.only_first) == (2, 1)
    scores = class_scores(["a", "vit"], tmp_path)
    assert {scores.classes[at]: n for at, n in enumerate(scores.support)} == {"elm": 15, "oak": 15}
    assert scores.clustered == (groups is not None)


def test_runs_with_other_groups_are_not_compared_image_by_image(tmp_path):
    for name, size in (("a", 3), ("b", 5)):
        stored_run(tmp_path, folds_of("vit", 1, [0], np.arange(NUM_IMAGES) // size), name)
    (pair,), (same,) = (compared("a", other, None, tmp_path).pairs for other in ("b", "a"))
    assert (pair.error, same.error.difference) == (None, 0)


def test_all_that_a_summary_works_out_counts_groups():
    groups = np.arange(NUM_IMAGES) // 5
    folder = Folder(folds_of("vit", 1, [0, 1, 2, 3, 4], groups) + folds_of("mlp", 1, [5, 11, 20], groups))
    summary = summarise(folder.records(), folder.predictions)
    correct = summary.correct
    assert summary.design == resolution.design(correct, 0.01, groups) != resolution.design(correct, 0.01)
    assert summary.optimism == selection.optimism(correct, groups) != selection.optimism(correct)
    rows = without_ranking(folder.records(), folder.predictions, "why").rows
    assert {row.model: row.error for row in rows} == {name: error_interval(c, groups) for name, c in correct.items()}


def test_models_are_ranked_by_groups_and_other_groups_are_refused():
    groups = np.arange(NUM_IMAGES) // 5
    trials = folds_of("vit", 1, range(5), groups) + folds_of("mlp", 1, [], groups)
    summary = summarise(Folder(trials).records(), Folder(trials).predictions)
    by_groups, alone = (rank(summary.correct, clusters).compare("vit", "mlp") for clusters in (groups, None))
    assert summary.ranking.compare("vit", "mlp") == by_groups != alone
    others = Folder(trials + folds_of("cnn", 1, [], groups[::-1]))
    with pytest.raises(NotComparable, match="cnn seed 1 was tested on other groups, or in another order, than vit"):
        summarise(others.records(), others.predictions)


def test_two_runs_are_compared_by_groups(tmp_path):
    found = {}
    for kind, groups in (("alone", None), ("grouped", np.arange(NUM_IMAGES) // 6)):
        for name, wrong in (("a", range(6)), ("b", [])):
            stored_run(tmp_path / kind, folds_of("vit", 1, wrong, groups), name)
        (pair,) = compared("a", "b", None, tmp_path / kind).pairs
        found[kind] = pair.error
    assert found["alone"].significant
    assert not found["grouped"].significant
