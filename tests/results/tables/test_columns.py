from __future__ import annotations

import pytest

from results.ranking.compare import Comparison
from results.ranking.front import Time
from results.ranking.summary import Row
from results.tables.columns import main_columns, rank_text, with_interval
from tests.results.runs import summary_of, trial


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((10.0, 10.0), "10.0"),
        ((9.8, 10.2), "10.0"),
        ((9.9, 11.0), "10.0 (9.90–11.0)"),
        ((8.0, 98.0), "10.0 (8.00–98.0)"),
        ((1e-3, 560.0), "10.0 (?)"),
    ],
)
def test_the_ends_of_a_time_are_named_only_above_two_percent(ends, text):
    assert with_interval(Time(10.0, *ends)) == text


@pytest.mark.parametrize(("places", "text"), [((1, 1), "1"), ((1, 4), "1–4"), (None, "-")])
def test_a_rank_is_the_places_that_the_tests_allow(places, text):
    assert rank_text(Row(model="net", records=(), places=places)) == text


@pytest.mark.parametrize(
    ("difference", "low", "high", "p", "text"),
    [
        (2.21, 1.14, 3.32, 0.001, "+2.2 (1.1–3.3)"),
        (0.3, -0.42, 0.81, 0.3, "tie ≤ 0.9"),
        (0.0, -0.99, 0.99, 1.0, "tie ≤ 1.0"),
        (0.6, -0.9, 2.1, 0.3, "? (−0.9 to +2.1)"),
        (0.6, 0.0, 2.1, 0.06, "? (0.0 to +2.1)"),
        (0.6, 0.2, 0.9, 0.01, "+0.60 (0.20–0.90)"),
    ],
)
def test_a_model_is_told_from_the_best_or_tied_with_it_or_neither(difference, low, high, p, text):
    found = Comparison(difference, low, high, p, p, 0, 0, 0, 0)
    row = Row(model="net", records=(), places=(1, 2), vs_best=found)
    [column] = [c for c in main_columns(summary_of(trial("a"), trial("b"))) if c.key == "vs_best"]
    assert column.fill(row) == text
