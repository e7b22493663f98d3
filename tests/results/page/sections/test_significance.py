"""The grid of pairs never contradicts the ranks, and says of each pair what the comparison says."""

from __future__ import annotations

import pytest

from results.page.sections.significance import BETTER, MOST_MODELS, TURNED, WORSE, data
from tests.results.random_runs import random_run
from tests.results.runs import summary_of, trial


@pytest.mark.parametrize("number", range(60))
def test_ranks_follow_from_the_marks(number):
    summary = summary_of(*random_run(number))
    rows, marks = summary.ranked, data(summary)["marks"]
    for row, own in zip(rows, marks, strict=True):
        assert row.places == (1 + own.count(WORSE), len(rows) - own.count(BETTER))


@pytest.mark.parametrize("number", range(12))
def test_a_mark_is_turned_where_the_pair_is(number):
    marks = data(summary_of(*random_run(number)))["marks"]
    places = [(i, j) for i in range(len(marks)) for j in range(i)]
    assert all(marks[i][j] == TURNED[marks[j][i]] for i, j in places)
    assert [marks[i][i] for i in range(len(marks))] == [""] * len(marks)


def test_a_cell_says_the_difference_its_interval_and_the_adjusted_p():
    found = data(
        summary_of(trial("good", wrong=range(40)), trial("twin", wrong=range(40)), trial("poor", wrong=range(300)))
    )
    assert [model["name"] for model in found["models"]] == ["good", "twin", "poor"]
    said = found["words"][found["pairs"][2][0]]
    assert said == "good less poor: −26.0 (−29.3 to −22.6) pp of error, adjusted p < 0.0001: good is better"
    assert found["marks"][0] == ["", "tie", "better"]
    assert found["models"][0]["said"] == "better than poor; tied, within 1 pp, with twin"


def test_of_many_models_the_best_are_compared_and_it_is_said():
    trials = [trial(f"m{at:02}", wrong=range(at)) for at in range(MOST_MODELS + 2)]
    found = data(summary_of(*trials))
    assert (len(found["models"]), found["part"]) == (40, "The best 40 of 42 models.")
    assert data(summary_of(*trials[:2]))["part"] == ""
