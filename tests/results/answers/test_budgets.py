"""Budgets of time: every one at which the answer changes lies among them, and they are typed with three digits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from results.answers import budgets as module
from results.answers.budgets import budgets
from results.answers.limits import Limits
from results.answers.recommend import recommend
from tests.results.runs import summary_of, trial


def run_of(times):
    """A run whose n-th model is a little worse than the one before it, with these times in ms."""
    models = ((f"m{at}", range(100 * at, 100 * at + 50 + 5 * at), time) for at, time in enumerate(times))
    return summary_of(*(trial(name, wrong=wrong, cpu_infer_step_time=(time,) * 5) for name, wrong, time in models))


def chosen(summary, budget):
    row = recommend(summary, Limits(max_ms=budget, on="cpu")).chosen
    return row.model if row else None


@pytest.mark.parametrize("times", [(40.0, 12.34567, 5.5), (0.071234,), (1234.5, 99.95, 0.9996), (7.0, 7.0, 7.001)])
def test_between_two_of_them_the_answer_is_one_of_theirs(times):
    summary = run_of(times)
    asked = budgets(summary, "cpu")
    assert asked == sorted(set(asked))
    for low, high in pairwise(asked):
        for between in np.geomspace(low, high, 7)[1:-1]:
            assert chosen(summary, between) in (chosen(summary, low), chosen(summary, high))


def test_below_the_first_time_nothing_fits_and_at_the_last_everything_does():
    summary = run_of((40.0, 12.34567, 5.5))
    asked = budgets(summary, "cpu")
    assert asked[0] == 5.49
    assert chosen(summary, asked[0]) is None
    assert len(recommend(summary, Limits(max_ms=asked[-1], on="cpu")).fitting) == 3
    assert 12.4 in asked, "a time is rounded up, so that its model fits"


def test_the_ends_of_an_interval_are_among_them_since_a_time_straddles_what_lies_between():
    summary = summary_of(trial("a", wrong=range(9), cpu_infer_step_time=(10.02, 11.03, 12.04, 13.05, 14.06)))
    time = summary.ranked[0].time("cpu", "infer")
    assert (time.low, time.median, time.high) == (10.02, 12.04, 14.06)
    assert {10.1, 12.1, 14.1} <= set(budgets(summary, "cpu"))


def test_all_have_three_digits():
    asked = budgets(run_of((1234.5, 99.95, 0.9996, 3.14159)), "cpu")
    assert [value for value in asked if float(f"{value:.2e}") != value] == []


def test_of_too_many_the_ones_at_which_the_best_changes_stay(monkeypatch):
    monkeypatch.setattr(module, "MOST_BUDGETS", 8)
    times = [100.0, 80.0, 95.0, 96.0, 97.0, 98.0, 10.0, 20.0, 30.0, 40.0]
    asked = budgets(run_of(times), "cpu")
    assert len(asked) == 8
    assert {9.99, 10.0, 80.0, 100.0} <= set(asked)


def test_where_nothing_was_timed_there_is_none():
    assert budgets(summary_of(trial("vit", wrong=range(9))), "cpu") == []
