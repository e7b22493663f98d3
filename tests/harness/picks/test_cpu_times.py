"""The times that ship are of models of the catalogue, and what is predicted from some of them holds for the others."""

from __future__ import annotations

import numpy as np
import pytest

from harness.picks.cpu_times import cpu_times, earlier_times, write
from harness.picks.latency import choose_anchors, fit

TIMED = cpu_times()


def leave_one_out(is_helped):
    """For each model: whether its time lies in the interval, half of that and the error, as logarithms.

    It is predicted from twelve anchors among the others, and with help from those that are left.
    """
    results = []
    for out, (entry, ms) in enumerate(TIMED):
        others = [*TIMED[:out], *TIMED[out + 1 :]]
        anchors = choose_anchors([one for one, _ in others], 12)
        rest = [one for place, one in enumerate(others) if place not in anchors]
        one = fit([others[place] for place in anchors], rest if is_helped else ()).predict(entry)
        results.append((one.low <= ms <= one.high, np.log(one.high / one.low) / 2, np.log(ms / one.ms)))
    return np.array(results).T


def test_they_are_of_many_families_and_of_all_sizes():
    assert len(TIMED) >= 60
    assert len({entry.name for entry, _ in TIMED}) == len(TIMED)
    assert len({(entry.library, entry.family) for entry, _ in TIMED}) >= 60
    assert max(entry.macs for entry, _ in TIMED) > 100 * min(entry.macs for entry, _ in TIMED)


@pytest.mark.once
def test_nine_of_ten_left_out_times_lie_in_their_interval():
    covered, half, error = leave_one_out(is_helped=True)
    assert 0.85 <= covered.mean() <= 0.97
    assert np.exp(np.median(half)) < 1.6
    assert np.exp(error.std()) < 1.25


@pytest.mark.once
def test_anchors_alone_promise_no_more_than_they_hold():
    covered, half, _ = leave_one_out(is_helped=False)
    assert covered.mean() >= 0.85
    assert np.exp(np.median(half)) < 2


def test_an_accelerator_learns_nothing_from_a_cpu():
    assert (earlier_times("cpu"), earlier_times("cuda:1")) == (TIMED, ())


def test_what_was_written_is_read_again(tmp_path):
    write(TIMED[:5], "some machine", tmp_path / "times.csv")
    again = cpu_times(tmp_path / "times.csv")
    assert [entry for entry, _ in again] == [entry for entry, _ in TIMED[:5]]
    assert [ms for _, ms in again] == pytest.approx([ms for _, ms in TIMED[:5]], rel=1e-3)
