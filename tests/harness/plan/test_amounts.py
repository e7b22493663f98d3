"""Times and sizes as people type them."""

from __future__ import annotations

import pytest

from harness.plan.amounts import num_bytes, seconds


@pytest.mark.parametrize(
    ("typed", "meant"), [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("2min", 120), (7, 7)]
)
def test_a_time_is_in_seconds(typed, meant):
    assert seconds(typed) == meant


@pytest.mark.parametrize("typed", ["", "0", "0m", "m", "ten", "-3m", "3d"])
def test_what_is_no_time_is_refused(typed):
    with pytest.raises(ValueError, match="is no time such as"):
        seconds(typed)


@pytest.mark.parametrize(
    ("typed", "meant"), [("0", 0), ("500MB", 5 * 10**8), ("8GB", 8 * 10**9), ("8 gib", 8 * 2**30), ("1.5k", 1500)]
)
def test_a_size_is_in_bytes(typed, meant):
    assert num_bytes(typed) == meant


@pytest.mark.parametrize("typed", ["", "GB", "-1GB", "8PB", "many"])
def test_what_is_no_size_is_refused(typed):
    with pytest.raises(ValueError, match="is no size such as"):
        num_bytes(typed)
