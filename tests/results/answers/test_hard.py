"""Images that all trials missed: which, in which order, and what they were taken for, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from results.answers.asked import Unanswerable
from results.answers.hard import hard_images
from results.errors import StoreError
from results.ranking.metrics import best_classes
from results.store import image_names
from results.store.image_names import ImageNames
from tests.results.runs import trial
from tests.results.samples import in_folds, stored_run

CLASSES = ("elm", "oak", "fir")
LABELS = np.array([0, 0, 0, 1, 1, 2, 2])


def answering(model, seed=1, **rows):
    """A trial that gives 0.8 to the right class of each image, but to those in `rows` (`i3=…`) what is given there."""
    probs = np.full((len(LABELS), 3), 0.1)
    probs[np.arange(len(LABELS)), LABELS] = 0.8
    for row, given in rows.items():
        probs[int(row[1:])] = given
    record, _ = trial(model, seed, data={"classes": list(CLASSES), "num_test": len(LABELS)})
    return record, {"labels": LABELS, "top5_index": best_classes(probs), "log_probs": np.log(probs).astype(np.float32)}


def test_what_all_missed_is_ordered_by_how_sure_they_are_of_one_other_class(tmp_path):
    a = answering("a", i0=[0.3, 0.5, 0.2], i1=[0.1, 0.9, 0.0001], i3=[0.9, 0.05, 0.05], i5=[0.6, 0.3, 0.1])
    b = answering("b", i0=[0.1, 0.2, 0.7], i1=[0.2, 0.7, 0.1], i5=[0.5, 0.1, 0.4])
    again = answering("b", 2, i0=[0.2, 0.5, 0.3], i1=[0.2, 0.7, 0.1], i5=[0.2, 0.7, 0.1])
    stored_run(tmp_path, [a, b, again, trial("c", status="oom", cause="no room")])
    found = hard_images(None, tmp_path)
    assert (found.models, found.seeds, found.num_trials, found.num_images) == (("a", "b"), (1, 2), 3, 7)
    assert [image.row for image in found.images] == [1, 5, 0]
    assert [image.votes for image in found.images] == [((1, 3),), ((0, 2), (1, 1)), ((1, 2), (2, 1))]
    assert [image.probability for image in found.images] == pytest.approx([2.3 / 3, 1.3 / 3, 1.2 / 3])
    assert [image.own_probability for image in found.images] == pytest.approx([0.5 / 3, 0.6 / 3, 0.6 / 3])
    # Oaks get (0.05 + 5 × 0.8) / 6 = 0.68 for oak, elms 1.17 / 3 = 0.39 for elm: less than the first two get.
    assert [image.suspect for image in found.images] == [True, True, False]


def test_of_the_best_five_of_many_classes_it_finds_the_same(tmp_path):
    generator, labels = np.random.default_rng(3), np.arange(60) % 150
    own = {"whole": [], "best": []}
    for model in "ab":
        logits = generator.normal(size=(60, 150))
        log_probs = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
        record, _ = trial(model, data={"classes": [str(n) for n in range(150)], "num_test": 60})
        kept = {"labels": labels, "top5_index": best_classes(logits)}
        own["whole"].append((record, kept | {"log_probs": log_probs}))
        best = np.take_along_axis(log_probs, kept["top5_index"], axis=1)
        own["best"].append((record, kept | {"top5_log_prob": best}))
    found = {how: hard_images(str(stored_run(tmp_path / how, trials).path), tmp_path) for how, trials in own.items()}
    votes = [{image.row: image.votes for image in one.images} for one in found.values()]
    assert len(votes[0]) > 50
    assert votes[0] == votes[1]


def test_the_folds_of_a_cross_validation_are_one_trial_over_all_images(tmp_path):
    trials = [answering(name, i2=[0.1, 0.8, 0.1], i4=[0.9, 0.05, 0.05]) for name in "ab"]
    stored_run(tmp_path / "whole", trials)
    stored_run(tmp_path / "folds", [fold for one in trials for fold in in_folds(*one)])
    whole, folds = (hard_images(None, tmp_path / name) for name in ("whole", "folds"))
    assert (folds.images, folds.num_trials, folds.num_images) == (whole.images, 2, 7)


def test_answers_that_are_not_finite_are_taken_for_nothing(tmp_path):
    stored_run(tmp_path, [answering(name, i2=[np.nan] * 3) for name in "ab"])
    [image] = hard_images(None, tmp_path).images
    assert (image.row, image.votes, image.probability, image.suspect) == (2, ((-1, 2),), 0.0, False)


def test_where_every_image_is_met_by_some_there_is_none(tmp_path):
    stored_run(tmp_path, [answering("a", i0=[0.1, 0.8, 0.1]), answering("b", i1=[0.1, 0.8, 0.1])])
    assert hard_images(None, tmp_path).images == ()


def test_names_of_other_labels_than_the_predictions_are_refused(tmp_path):
    store = stored_run(tmp_path, [answering("a")])
    names = ImageNames(folder="/x", pool="test", images=[f"{n}.png" for n in range(7)], labels=LABELS.tolist())
    image_names.keep(store, names)
    assert hard_images(None, tmp_path).names == names
    image_names.keep(store, ImageNames(folder="/x", pool="test", images=names.images, labels=[0] * 7))
    with pytest.raises(StoreError, match=r"test_images\.json of .* does not fit its predictions"):
        hard_images(None, tmp_path)


def test_a_run_in_which_nothing_ended_well_has_no_hard_images(tmp_path):
    stored_run(tmp_path, [trial("a", status="oom", cause="no room")])
    with pytest.raises(Unanswerable, match=r"no trial of .* ended well and left predictions") as caught:
        hard_images(None, tmp_path)
    assert caught.value.exit_code == 3
