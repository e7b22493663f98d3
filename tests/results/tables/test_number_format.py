from __future__ import annotations

import pytest

from results.tables.number_format import digits, duration, ends, fixed, p_value, rounded_count, shown_bytes, with_ends


@pytest.mark.parametrize(
    ("value", "text"),
    [(48.12, "48.1"), (0.2111, "0.211"), (9.996, "10.0"), (99.96, "100"), (1310.4, "1310"), (0, "0"), (None, "")],
)
def test_times_have_three_significant_digits_and_no_exponent(value, text):
    assert digits(value) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (3.1, 5.4, "4.2 (3.1–5.4)"),
        (3.9, 4.4, "4.20 (3.90–4.40)"),
        (0.0, 16.04, "4 (0–16)"),
        (4.2, 4.2, "4.2 (4.2–4.2)"),
    ],
)
def test_digits_follow_the_uncertainty_on_its_longer_side(low, high, text):
    assert with_ends(4.2, low, high) == text


def test_an_interval_around_0_has_signs_that_no_dash_can_be_taken_for():
    assert (ends(-0.93, 2.06), ends(-0.04, 2.06)) == ("−0.9 to +2.1", "0.0 to +2.1")
    assert with_ends(2.2, 1.1, 3.3, sign="+") == "+2.2 (1.1–3.3)"
    assert [fixed(value, 1) for value in (-0.04, -0.06, 0.04)] == ["0.0", "−0.1", "0.0"]


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
    ("num_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10 * 1024, "10 KiB"),
        (3 * 2**29, "1.5 GiB"),
        (2**52, "4096 TiB"),
    ],
)
def test_bytes_have_a_unit_of_1024(num_bytes, text):
    assert shown_bytes(num_bytes) == text
