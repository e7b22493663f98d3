"""Predictions from the outputs of a model: their order, ties, and outputs that say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from results.answers.predicted import NOT_FINITE, predictions

PATHS = [Path("a.png"), Path("b.png")]


def found(logits, top=3, problems=("", "")):
    logits = np.array(logits)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return list(predictions(PATHS, problems, logits, shares, np.log(shares), ("elm", "oak", "fir"), top))


def test_classes_stand_best_first_and_of_equal_ones_the_first_class():
    first, second = found([[0.0, 2.0, 1.0], [1.0, 1.0, 1.0]])
    assert [ranked.name for ranked in first.ranked] == ["oak", "fir", "elm"]
    assert [ranked.name for ranked in second.ranked] == ["elm", "oak", "fir"]
    assert first.ranked[0].probability == pytest.approx(0.6652, abs=1e-4)
    assert first.ranked[0].log_prob == pytest.approx(np.log(0.6652), abs=1e-4)


@pytest.mark.parametrize(("top", "count"), [(1, 1), (2, 2), (9, 3)])
def test_there_are_as_many_as_are_asked_for_and_no_more_than_there_are(top, count):
    assert [len(one.ranked) for one in found([[0.0, 2.0, 1.0]] * 2, top)] == [count, count]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_output_that_is_not_finite_is_no_answer(value):
    with np.errstate(all="ignore"):
        bad, good = found([[value, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert (bad.ranked, bad.problem) == ((), NOT_FINITE)
    assert (good.path, good.problem) == (PATHS[1], "")


def test_a_file_that_could_not_be_read_has_its_problem_whatever_the_model_made_of_it():
    bad, good = found([[9.0, 0.0, 0.0]] * 2, problems=("empty file", ""))
    assert (bad.path, bad.ranked, bad.problem) == (PATHS[0], (), "empty file")
    assert good.ranked[0].name == "elm"
