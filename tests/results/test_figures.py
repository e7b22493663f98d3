from __future__ import annotations

import pytest

from results.figures import digits, duration, p_value, rounded_count, with_reach
from results.records import Measurement
from results.times import median_reach, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [(48.12, "48.1"), (0.2111, "0.211"), (9.996, "10.0"), (99.96, "100"), (1310.4, "1310"), (0, "0"), (None, "")],
)
def test_times_have_three_significant_digits_and_no_exponent(value, text):
    assert digits(value) == text


@pytest.mark.parametrize(
    ("value", "reach", "text"),
    [(4.2, 1.2, "4.2 ±1.2"), (52.04, 12.3, "52 ±12"), (4.2, 0.35, "4.20 ±0.35"), (0.0, 0.0, "0.0 ±0.0")],
)
def test_digits_follow_the_uncertainty(value, reach, text):
    assert with_reach(value, reach) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.41, "3.4s"), (31, "0m 31s"), (59.7, "1m 00s"), (362, "6m 02s"), (5100, "1h 25m"), (None, "")],
)
def test_durations_read_as_people_say_them(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(3124, "3,100"), (87, "87"), (5, "5"), (149_900, "150,000")])
def test_a_count_of_images_needed_has_two_digits(count, text):
    assert rounded_count(count) == text


def test_p_values_have_two_digits_down_to_one_in_ten_thousand():
    assert [p_value(p) for p in (0.00112, 0.2, 0.00009)] == ["p = 0.0011", "p = 0.20", "p < 0.0001"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((10.0,), "10.0"),
        ((9.8, 10.0, 10.2), "10.0"),
        ((9.0, 10.0, 11.0), "10.0 ±0.5"),
        ((80.0, 100.0, 120.0), "100 ±10"),
    ],
)
def test_a_spread_is_named_only_above_two_percent(values, text):
    assert shown(Measurement(name="t", unit="ms", values=values)) == text


@pytest.mark.parametrize(("num_values", "reach"), [(1, 0), (5, 2), (6, 2.5), (9, 3), (11, 4), (20, 4.5)])
def test_the_interval_of_a_median_follows_binomial_tables(num_values, reach):
    # Ranks 1..6 of 6, 2..8 of 9, 2..10 of 11 and 6..15 of 20 are the tables' 95 % intervals.
    assert median_reach(list(range(1, num_values + 1))) == reach
