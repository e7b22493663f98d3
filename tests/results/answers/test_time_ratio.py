"""Ratios of times: by hand, against simulated truth, and where an interval has no bottom."""

from __future__ import annotations

import math

import numpy as np
import pytest

from results.answers.time_ratio import Ratio, ratio
from results.ranking.front import Time


def time(median, reach):
    return Time(median, median / reach, median * reach)


def test_distances_add_as_squares_on_the_logarithmic_scale():
    found = ratio(time(40.0, 1.03), time(20.0, 1.04))
    half = math.hypot(math.log(1.03), math.log(1.04))
    assert found.value == 2.0
    assert (found.low, found.high) == pytest.approx((2 * math.exp(-half), 2 * math.exp(half)))
    assert found.known
    assert found.turned().value == 0.5
    assert (found.turned().low, found.turned().high) == pytest.approx((1 / found.high, 1 / found.low))


def test_the_lower_end_comes_of_the_lower_of_the_first_and_the_upper_of_the_second():
    found = ratio(Time(40.0, 39.0, 44.0), Time(20.0, 16.0, 20.5))
    assert found.low == pytest.approx(2 * math.exp(-math.hypot(math.log(40 / 39), math.log(20.5 / 20))))
    assert found.high == pytest.approx(2 * math.exp(math.hypot(math.log(44 / 40), math.log(20 / 16))))


@pytest.mark.parametrize(("num_asked", "least", "most"), [(1, 0.93, 0.97), (10, 0.985, 1.0)])
def test_a_ratio_is_covered_as_often_as_its_two_medians_are(num_asked, least, most):
    generator = np.random.default_rng(0)
    noise = generator.normal(0, [0.02, 0.05], (4000, 2))
    reaches = np.exp(1.96 * np.array([0.02, 0.05]))
    medians = [30.0, 20.0] * np.exp(noise)
    found = [ratio(time(a, reaches[0]), time(b, reaches[1]), num_asked) for a, b in medians]
    assert least <= np.mean([one.low <= 1.5 <= one.high for one in found]) <= most


def test_one_and_the_same_time_is_no_difference():
    same = ratio(time(20.0, 1.5), time(20.0, 1.5))
    assert same == Ratio(1.0, 1.0, 1.0)
    assert same.same
    assert not same.known


def test_an_interval_that_reaches_to_0_leaves_the_ratio_without_a_bound():
    found = ratio(Time(20.0, 19.0, 21.0), Time(10.0, 0.0, 11.0))
    assert found.high == math.inf
    assert found.turned().low == 0
    assert ratio(Time(20.0, 0.0, 21.0), Time(10.0, 9.0, 11.0)).turned().high == math.inf
