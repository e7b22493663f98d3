from __future__ import annotations

import pytest

from harness.timing.intervals import half_width, overlap, p95


def test_half_width_is_the_far_side_of_the_interval_as_a_share_of_the_median():
    assert half_width([100, 100, 100, 100, 103]) == pytest.approx(0.03)
    assert half_width([97, 100, 100, 100, 101]) == pytest.approx(0.03)


def test_p95_of_one_value_is_that_value():
    assert p95([7.0]) == 7.0
    assert p95(list(range(101))) == 95


def test_intervals_that_touch_overlap():
    assert overlap((1, 2), (2, 3))
    assert overlap((1, 5), (2, 3))
    assert not overlap((1, 2), (2.1, 3))
