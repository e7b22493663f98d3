"""What the record of a whole repeat, and of one that is not, takes from which fold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from results.records import Failure, Measurement
from tests.results.ranking.test_folds import LABELS, NUM_IMAGES, fold_of, folds_of, pooled


def changed(trials, fold, **changes):
    """The trials, with changes to the record of one fold."""
    return [(replace(record, **changes) if record.fold == fold else record, arrays) for record, arrays in trials]


def test_the_phase_of_a_failure_is_the_folds_own_and_training_where_it_is_not_known():
    (one,), _ = pooled(changed(folds_of("vit", 1, []), 2, status="oom", error=Failure(phase="data", cause="c")))
    assert (one.status, one.error) == ("oom", Failure(phase="data", cause="fold 2: c"))
    (one,), _ = pooled(changed(folds_of("vit", 1, []), 2, status="failed", error=None))
    assert one.error == Failure(phase="train", cause="fold 2: failed")


def test_one_fold_of_three_is_a_repeat_that_has_begun():
    (one,), _ = pooled(folds_of("vit", 1, [])[:1])
    assert (one.status, one.error) == ("skipped", Failure(phase="start", cause="1 of 3 folds have ended"))


def test_a_fold_that_lacks_the_last_image_leaves_no_predictions():
    last = [(record, {name: array[arrays["rows"] < NUM_IMAGES - 1] for name, array in arrays.items()})
            for record, arrays in folds_of("vit", 1, [])]  # fmt: skip
    (record,), predictions = pooled(last)
    assert predictions(record) == {}


def test_what_all_folds_have_is_put_together_and_the_rows_say_nothing_more():
    trials = folds_of("vit", 1, [])
    trials[1][1]["more"] = LABELS[trials[1][1]["rows"]]  # of the first fold alone
    (record,), predictions = pooled(trials)
    assert set(predictions(record)) == {"labels", "probs"}
    assert record.key == "vit-1-1"


def test_scores_are_those_of_all_images_whatever_the_folds_said_of_their_own():
    wrong = tuple(Measurement(name=name, unit="%", values=(77.0,)) for name in ("top1_err", "train_seconds"))
    (record,), _ = pooled(changed(folds_of("vit", 1, [0, 1, 2]), 1, measurements=wrong, history=({"epoch": 0},)))
    assert record.measured("top1_err").values == pytest.approx((10.0,))
    assert record.measured("train_seconds").values == pytest.approx(((77 + 2 + 3) / 3,))
    assert [(own["n"], own["accuracy"]) for own in record.per_class] == [(15, 100 * 13 / 15), (15, 100 * 14 / 15)]
    assert record.history == ()


def test_without_predictions_there_are_means_over_folds_and_no_classes():
    kept = [(replace(record, per_class=({"name": "elm"},), confusion_counts=((0, 0, 1),)), {})
            for record, _ in folds_of("vit", 1, [])]  # fmt: skip
    (record,), _ = pooled(kept)
    assert record.measured("train_seconds").values == (2.0,)
    assert (record.per_class, record.confusion_counts, record.history) == ((), (), ())


def test_a_figure_that_one_fold_has_is_that_folds():
    trials = folds_of("vit", 1, [])
    more = (*trials[1][0].measurements, Measurement(name="device_peak_mib", unit="MiB", values=(9.0,)))
    (record,), _ = pooled(changed(trials, 1, measurements=more))
    assert record.measured("device_peak_mib").values == (9.0,)


def test_facts_are_the_first_folds_and_notes_those_of_any():
    trials = [fold_of("vit", 1, fold, [], facts={"best_epoch": fold}) for fold in (2, 1, 3)]
    (record,), _ = pooled(trials)
    assert record.facts["best_epoch"] == 1
    assert {"notes", "deterministic"} & set(record.facts) == set()
    (record,), _ = pooled(changed(trials, 3, facts={**trials[2][0].facts, "notes": "a"}))
    assert record.facts["notes"] == "a"
    assert np.array_equal(LABELS, pooled(trials)[1](record)["labels"])
