"""Learning curves on the page: the record's values, an epoch each, and the words of `harness curves`."""

from __future__ import annotations

import math

from results.answers.curves import of_models
from results.page.report_run import report_run
from results.page.sections.learning import MOST_MODELS, data, section
from results.tables.answers.curves import words
from tests.results.answers.test_curves import learnt
from tests.results.runs import trial
from tests.results.samples import in_folds, stored_run


def shown(*trials):
    records = [record for record, _ in trials]
    return data("a run", of_models(dict.fromkeys(record.model for record in records), records))


def test_each_trial_has_its_losses_errors_and_the_epoch_kept():
    (model,) = shown(learnt("net", [1.0, 0.5, 0.6]), learnt("net", [1.0, 0.4], seed=2))["models"]
    assert [seed["val_loss"] for seed in model["seeds"]] == [[1.0, 0.5, 0.6], [1.0, 0.4]]
    assert model["seeds"][0]["train_loss"] == [1, 1 / 2, 1 / 3]
    assert [(seed["seed"], seed["kept"], seed["val_err"][0]) for seed in model["seeds"]] == [(1, 2, 10.0), (2, 2, 10.0)]


def test_over_fitting_is_named_in_the_words_of_the_command():
    over = learnt("net", [1.0, 0.4, 0.5, 0.6, 0.7])
    (model,) = shown(over)["models"]
    assert model["over_fits"]
    assert model["words"] == words(of_models(["net"], [over[0]])[0])
    assert "it over-fits" in model["words"]


def test_a_loss_that_is_not_finite_is_a_gap():
    (model,) = shown(learnt("net", [1.0, math.inf], status="diverged", cause="x"))["models"]
    assert model["seeds"][0]["val_loss"] == [1.0, None]


def test_a_cross_validation_has_the_curves_of_its_folds(tmp_path):
    store = stored_run(tmp_path, list(in_folds(*learnt("net", [1.0, 0.5]))))
    found = section(report_run(store))
    assert [seed["fold"] for seed in found.data["models"][0]["seeds"]] == [1, 2, 3]


def test_a_run_without_epochs_has_no_curves_and_of_many_models_the_first_are_drawn(tmp_path):
    assert section(report_run(stored_run(tmp_path, [trial("net")]))) is None
    found = shown(*(learnt(f"m{at}", [1.0, 0.5]) for at in range(MOST_MODELS + 1)))
    assert (len(found["models"]), found["part"]) == (40, "The first 40 of 41 models.")
