"""Fifty workers on a run of 20,000 trials: each is done once; claiming, and asking how far it is, are quick."""

from __future__ import annotations

from statistics import median

import pytest

from tests.harness.cluster.many_workers import measured


@pytest.mark.slow
def test_claiming_takes_less_than_50_ms_and_status_less_than_2_s():
    cost = measured(20_000, 50, 1.0)
    print(cost)
    assert set(cost.times_done.values()) == {1}
    assert len(cost.times_done) == 20_000
    assert median(cost.later) < 50
    assert cost.status < 2000
