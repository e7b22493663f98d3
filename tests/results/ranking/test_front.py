from __future__ import annotations

import pytest

from results.ranking.front import Time, front


def at(*milliseconds):
    """A time known to the dot, or between two ends."""
    low, high = min(milliseconds), max(milliseconds)
    return Time((low + high) / 2, low, high)


def never(one, other):
    return False


def by_letter(one, other):
    """Every earlier letter is better beyond doubt."""
    return one < other


@pytest.mark.parametrize(
    ("times", "better", "kept"),
    [
        ({"a": at(9), "b": at(5), "c": at(1)}, by_letter, "abc"),
        ({"a": at(1), "b": at(5), "c": at(9)}, by_letter, "a"),
        ({"a": at(1), "b": at(5), "c": at(9)}, never, "a"),
        ({"a": at(4, 6), "b": at(5, 7), "c": at(6, 8)}, never, "abc"),
        ({"a": at(4, 6), "b": at(5, 7), "c": at(6, 8)}, by_letter, "a"),
        ({"a": at(5), "b": at(4)}, by_letter, "ab"),
        ({"b": at(4)}, by_letter, "b"),
        ({}, by_letter, ""),
    ],
)
def test_a_model_is_beaten_only_beyond_doubt_and_by_one_that_is_not_worse_in_the_other(times, better, kept):
    assert front(dict.fromkeys("abc", 1.0), times, better) == set(kept)


def test_where_each_loses_to_the_next_the_figures_alone_decide():
    # a is faster than c only, b better than a only, and c better than b: a circle.
    times = {"a": at(1, 3), "b": at(2, 6), "c": at(5, 7)}
    better = {("b", "a"), ("c", "b")}
    errors = {"a": 3.0, "b": 2.0, "c": 2.5}
    assert front(errors, times, lambda *pair: pair in better) == {"a", "b"}
