from __future__ import annotations

import pytest

from harness.timing.intervals import half_width, overlap, p95


def test_half_width_is_the_far_side_of_the_interval_as_a_share_of_the_median():
    assert half_width([100, 100, 100, 100, 103]) == pytest.approx(0.03)
    assert half_width([97, 100, 100, 100, 101]) == pytest.approx(0.03)


def test_p95_of_one_value_is_that_value():
    assert p95([7.0]) == 7.0
    assert p95(list(range(101))) == 95


def test_p95_lies_between_the_values_around_it():
    assert p95([10.0, 20.0]) == pytest.approx(19.5)
    assert p95([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(4.8)


def test_a_median_of_0_has_no_half_width():
    assert half_width([0.0, 0.0, 0.0, 0.0, 1.0]) == 0.0


def test_half_width_of_many_values_leaves_the_extremes_out():
    assert half_width([1.0, *[100.0] * 18, 900.0]) == 0.0
    assert half_width([*range(1, 21)]) == pytest.approx(4.5 / 10.5)


def test_intervals_that_touch_overlap():
    assert overlap((1, 2), (2, 3))
    assert overlap((1, 5), (2, 3))
    assert overlap((2, 3), (1, 2))
    assert not overlap((1, 2), (2.1, 3))
    assert not overlap((2.1, 3), (1, 2))
