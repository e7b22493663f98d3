from __future__ import annotations

import pytest

from results.times import median_reach


@pytest.mark.parametrize(("num_values", "reach"), [(1, 0), (5, 2), (6, 2.5), (9, 3), (11, 4), (20, 4.5)])
def test_the_interval_of_a_median_follows_binomial_tables(num_values, reach):
    # Ranks 1..6 of 6, 2..8 of 9, 2..10 of 11 and 6..15 of 20 are the tables' 95 % intervals.
    assert median_reach(list(range(1, num_values + 1))) == reach
