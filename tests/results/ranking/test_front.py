"""Which models keep their mark."""

from __future__ import annotations

from results.ranking.front import Time, front


def times(**middles):
    """Medians with intervals of 10 % either way."""
    return {name: Time(middle, 0.9 * middle, 1.1 * middle) for name, middle in middles.items()}


def apart(errors, by):
    """Told apart where errors differ by more than `by`."""
    return lambda one, other: errors[one] < errors[other] - by


def test_models_that_neither_error_nor_time_tells_apart_all_keep_it():
    errors = {"a": 1.0, "b": 1.2, "c": 1.4}
    assert front(errors, times(a=10.5, b=10.0, c=9.8), apart(errors, 0.5)) == set(errors)


def test_a_model_loses_it_to_one_that_is_faster_and_not_significantly_worse():
    errors = {"slow": 1.0, "fast": 1.4, "bad": 9.0}
    assert front(errors, times(slow=20.0, fast=10.0, bad=1.0), apart(errors, 0.5)) == {"fast", "bad"}


def test_a_model_loses_it_to_one_that_is_significantly_better_and_not_slower():
    errors = {"good": 1.0, "bad": 3.0}
    assert front(errors, times(good=10.2, bad=10.0), apart(errors, 0.5)) == {"good"}
    assert front(errors, times(good=15.0, bad=10.0), apart(errors, 0.5)) == {"good", "bad"}


def test_what_has_no_time_or_no_error_is_not_on_it():
    errors = {"a": 1.0, "untimed": 0.1}
    assert front(errors, times(a=1.0, unranked=0.1), apart(errors, 0.5)) == {"a"}
    assert front({}, {}, apart({}, 0)) == frozenset()


def test_where_each_loses_to_the_next_the_figures_decide():
    errors, beats = {"a": 1.0, "b": 2.0, "c": 3.0}, {("a", "b"), ("b", "c"), ("c", "a")}
    found = front(errors, times(a=10.0, b=10.1, c=9.9), lambda one, other: (one, other) in beats)
    assert found == {"a", "c"}


def test_times_whose_intervals_touch_are_not_apart():
    errors = {"a": 1.0, "b": 1.0}
    touching = {"a": Time(1.0, 0.9, 1.1), "b": Time(1.2, 1.1, 1.3)}
    assert front(errors, touching, lambda one, other: False) == {"a", "b"}
    assert front(errors, touching, lambda one, other: (one, other) == ("b", "a")) == {"b"}


def test_where_the_figures_decide_an_equal_one_beats_by_the_other_figure():
    beats = {("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")}
    errors = {"a": 1.0, "b": 1.0, "c": 2.0, "d": 2.0}
    found = front(errors, times(a=10.0, b=10.1, c=10.0, d=9.9), lambda one, other: (one, other) in beats)
    assert found == {"a", "d"}
    found = front(errors | {"b": 1.5}, times(a=10.0, b=10.0, c=10.1, d=9.9), lambda one, other: (one, other) in beats)
    assert found == {"a", "d"}
