"""What figures are about: folds, repeats and groups, in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from results.tables.sample import remarks, title
from results.tables.sentence import sentence
from tests.results.runs import NUM_IMAGES, summary_of, trial


def summary(seeds=1, groups=None, folds=0):
    """Two models on 1,000 images, all of whose folds are put together already."""
    trials = [
        trial(model, seed, wrong=range(50 * at)) for at, model in enumerate("ab", 1) for seed in range(1, seeds + 1)
    ]
    if groups is not None:
        trials = [(record, arrays | {"groups": groups}) for record, arrays in trials]
    made = summary_of(*trials)
    rows = [replace(r, records=tuple(replace(one, trial={"folds": folds}) for one in r.records)) for r in made.rows]
    return replace(made, rows=tuple(rows)) if folds else made


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Test error on 1,000 images, 1 seed  (95 % intervals over images)"),
        ({"seeds": 2}, "Test error on 1,000 images, 2 seeds  (95 % intervals over images and seeds)"),
        ({"folds": 5}, "5-fold cross-validation error on 1,000 images, 1 repeat  (95 % intervals over images)"),
        (
            {"folds": 5, "seeds": 2, "groups": np.arange(NUM_IMAGES) // 20},
            "5-fold cross-validation error on 1,000 images in 50 groups, 2 repeats  "
            "(95 % intervals over groups and repeats)",
        ),
    ],
)
def test_the_title_says_what_was_tested_how_often_and_over_what_intervals_are(given, said):
    assert title(summary(**given)) == said


def test_intervals_by_groups_are_said_to_be_and_few_groups_are_rough():
    many, few = (summary(groups=np.arange(NUM_IMAGES) // size) for size in (40, 100))
    (line,) = [line for line in remarks(many) if "clustered" in line]
    assert line == (
        "Intervals and tests are clustered: what was drawn are 25 groups of up to 40 images, not single images."
    )
    assert any(line.endswith("; with fewer than 20 they are rough.") for line in remarks(few))
    assert not any("clustered" in line for line in remarks(summary()))


def test_images_of_one_group_widen_the_interval_and_take_the_difference_its_certainty():
    alone, grouped = summary(), summary(groups=np.arange(NUM_IMAGES) // 50)
    widths = [row.error.high - row.error.low for made in (alone, grouped) for row in made.ranked]
    assert min(widths[2:]) > 3 * max(widths[:2])
    assert (alone.ranked[1].vs_best.significant, grouped.ranked[1].vs_best.significant) == (True, False)


def test_one_repeat_is_of_trainings_and_not_of_checkpoints():
    assert sentence(summary(folds=5)).startswith("Of these trainings, a is the best")
    assert remarks(summary(folds=5))[1].startswith("One repeat: this compares these trainings; --repeats 3")
    assert sentence(summary(folds=5, seeds=2)).startswith("a is the best")
