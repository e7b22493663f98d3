from __future__ import annotations

import pytest

from results.records import Measurement
from results.tables.columns import with_spread


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
    assert with_spread(Measurement(name="t", unit="ms", values=values)) == text
