"""Step times: how well their median is known where neighbours are alike, and what betrays a drift."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, t

from results.ranking.step_times import (
    _centres,
    _median,
    drift,
    half_width,
    joined,
    mean_of,
    median_interval,
    median_reach,
    pooled,
    reach,
    t_quantile,
    unrest,
)
from results.records import Measurement
from tests.results.samples import record

RECORDED = Path(__file__).with_name("noisy_steps.npz")


def measured(*rounds, name="cpu_infer_step_time"):
    values = tuple(float(value) for part in rounds for value in part)
    return Measurement(name=name, unit="ms", values=values, rounds=tuple(len(part) for part in rounds))


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 7, 12, 29, 30, 99])
def test_the_quantile_is_students_t(freedom):
    assert t_quantile(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=1e-9)


def test_the_interval_of_rounds_is_students_around_their_medians_on_the_log_scale():
    rounds = [[9.0, 10.0, 30.0], [11.0, 11.0], [12.0]]
    logs = [math.log(10), math.log(11), math.log(12)]
    reach = 4.302652729749462 * statistics.stdev(logs) / math.sqrt(3)
    low, high = median_interval(measured(*rounds))
    assert low == pytest.approx(math.exp(statistics.fmean(logs) - reach))  # the lower of their mean and the median
    assert high == pytest.approx(11.0 * math.exp(reach))


def test_no_end_is_below_zero_and_none_overflows_however_far_rounds_lie_apart():
    low, high = median_interval(measured([1e-9], [1e9]))
    assert 0 < low < high < math.inf


def test_rounds_that_agree_leave_no_doubt_and_rounds_that_do_not_much():
    assert median_interval(measured([5.0] * 9, [5.0], [5.0])) == (5.0, 5.0)
    low, high = median_interval(measured([10.0] * 50, [10.0] * 50, [18.6] * 50))
    assert low < 10.0 < 18.6 < high


@pytest.mark.parametrize("n", range(1, 8))
def test_a_few_values_of_one_round_give_their_whole_range(n):
    assert median_interval(list(range(1, n + 1))) == (1, n)


@pytest.mark.parametrize(("n", "blocks"), [(8, 4), (99, 4), (100, 5), (256, 8), (2000, 8)])
def test_one_round_is_cut_into_few_long_blocks_of_neighbours(n, blocks):
    values = [float(1 + block) for block in range(blocks) for _ in range(n // blocks)] + [7.0] * (n % blocks)
    assert len(_centres((values,))) == blocks
    assert _centres((values,))[0] == 1.0
    assert median_reach(values) > 0.5  # what changes from block to block is seen, however many samples each has


def test_times_of_zero_have_their_range_as_interval():
    assert median_interval(measured([0.0] * 9, [0.0, 1.0, 0.0])) == (0.0, 1.0)
    assert half_width([0.0, 0.0, 0.0, 0.0, 1.0]) == 0.0


def test_half_width_is_the_far_side_of_the_interval_as_a_share_of_the_median():
    assert half_width([100, 100, 100, 100, 103]) == pytest.approx(0.03)
    assert half_width([97, 100, 100, 100, 101]) == pytest.approx(0.03)
    assert half_width(measured([100.0], [100.0], [100.0])) == 0.0


def coverage(draw, truth, repeats):
    """How often the interval of rounds that `draw` gives holds the truth."""
    hits = 0
    for _ in range(repeats):
        low, high = median_interval(measured(*draw()))
        hits += low <= truth <= high
    return hits / repeats


@pytest.mark.parametrize("num_rounds", [3, 5])
@pytest.mark.parametrize("name", ["mlp", "resnet18", "conv"])
def test_the_interval_holds_on_recorded_noisy_steps_where_one_of_independent_samples_does_not(name, num_rounds):
    """Steps of 1 to 11 ms on two cores that others used up, 2026-11-26; rounds of 30 neighbours at random places."""
    steps, rng, size = np.load(RECORDED)[name], np.random.default_rng(0), 30

    def draw():
        return [steps[start : start + size] for start in rng.integers(0, len(steps) - size, num_rounds)]

    truth = float(np.median(steps))
    assert 0.90 <= coverage(draw, truth, 800) <= 0.98
    rank = int(binom.ppf(0.025, num_rounds * size, 0.5))
    ordered = [np.sort(np.concatenate(draw())) for _ in range(800)]
    assert sum(one[rank - 1] <= truth <= one[-rank] for one in ordered) / 800 < 0.85


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("phi", [0.0, 0.9])
@pytest.mark.parametrize("num_rounds", [3, 5])
def test_the_interval_holds_on_made_steps_that_depend_on_each_other_and_shift_between_rounds(num_rounds, phi, shift):
    rng = np.random.default_rng(1)

    def draw():
        noise = rng.normal(0, 0.05, (num_rounds, 30))
        for step in range(1, 30):
            noise[:, step] = phi * noise[:, step - 1] + math.sqrt(1 - phi**2) * noise[:, step]
        return 10 * np.exp(noise + rng.normal(0, shift, (num_rounds, 1)))

    assert 0.92 <= coverage(draw, 10.0, 1000) <= 0.98


def test_a_planted_drift_is_named_and_peace_is_not():
    quiet = [10.0, 10.1, 9.9, 10.0]
    assert unrest(measured(quiet, quiet, quiet)) == []
    slower = [1.86 * value for value in quiet]
    assert unrest(measured(quiet, quiet, slower)) == ["rounds differ by 86%"]
    assert unrest(measured([10.0], [10.4], [9.96])) == ["median known to ±7% only"]


def test_five_percent_is_the_limit_of_drift_and_of_doubt():
    assert unrest(measured([100.0] * 20, [105.0] * 20)) == ["median known to ±36% only"]  # of two rounds t is 12.7
    assert unrest(measured([100.0] * 20, [105.1] * 20)) == ["rounds differ by 5%"]
    assert unrest(measured([100.0, 100, 100, 100, 105.0])) == []
    assert unrest(measured([100.0, 100, 100, 100, 106.0])) == ["median known to ±6% only"]
    assert unrest(measured([0.0], [1.0])) == ["rounds differ"]


def test_the_reach_of_an_interval_is_its_longer_side():
    assert (reach(10, 7, 11), reach(10, 9, 14), reach(0, 0, 3)) == (3, 4, 3)


def timed(*values):
    return record(measurements=(Measurement(name="cpu_infer_step_time", unit="ms", values=values),))


def test_samples_of_all_seeds_are_pooled_and_medians_of_seeds_averaged():
    records = [timed(1.0, 2.0, 9.0), record(measurements=()), timed(4.0)]
    assert pooled(records, "cpu_infer_step_time") == Measurement(
        name="cpu_infer_step_time", unit="ms", values=(1.0, 2.0, 9.0, 4.0), rounds=(3, 1)
    )
    assert mean_of(records, "cpu_infer_step_time") == 3.0


def test_what_no_seed_has_measured_is_none():
    assert pooled([timed(1.0), timed()], "cuda_infer_step_time") is None
    assert mean_of([timed(), record(measurements=())], "cpu_infer_step_time") is None
    assert pooled([timed()], "cpu_infer_step_time") is None


def test_rounds_stay_apart_where_measurements_are_joined():
    one = joined([measured([1.0, 2.0], [3.0]), measured([4.0]), Measurement(name="x", unit="ms", values=(5.0, 6.0))])
    assert (one.values, one.rounds) == ((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (2, 1, 1, 2))
    assert one.by_round == ((1.0, 2.0), (3.0,), (4.0,), (5.0, 6.0))
    alone = Measurement(name="x", unit="ms", values=(5.0, 6.0))
    assert (joined([alone]), alone.by_round) == (alone, ((5.0, 6.0),))


def test_rounds_that_differ_are_named_and_those_that_agree_are_not():
    def taken(*rounds):
        values = tuple(value for part in rounds for value in part)
        return Measurement(name="a", unit="ms", values=values, rounds=tuple(map(len, rounds)))

    assert drift(taken((1.0, 1.0, 9.0), (1.86, 1.86))) == "rounds differ by 86%"
    assert drift(taken((1.0, 1.0), (1.05, 1.05))) == drift(taken((1.0, 5.0))) == ""
    assert drift(taken((0.1, 0.1), (0.2, 0.2))) == "rounds differ by 100%"
    assert drift(taken((0.0, 0.0), (0.2, 0.2))) == "rounds differ"


def test_many_values_have_the_median_of_few():
    values = np.random.default_rng(0).random(999).tolist()
    for part in (values, values[:-1], values[:7]):
        assert _median(part) == statistics.median(part)


def test_an_interval_has_the_unit_of_its_times():
    rounds = {"values": (3.0, 3.1, 3.2, 3.3, 3.4, 3.5), "rounds": (2, 2, 2)}
    seconds = Measurement(name="t", unit="", **rounds)
    small = replace(seconds, values=tuple(value / 100 for value in seconds.values))
    assert median_interval(small) == pytest.approx([end / 100 for end in median_interval(seconds)])


def test_an_interval_reaches_around_the_median_of_all_and_the_mean_of_rounds():
    """The larger round is slower than the others: then the mean lies below the median, or else above it."""
    for long, wanted in ((2.0, "below"), (1.0, "above")):
        measured = Measurement(name="t", unit="", values=(1.0, 2.0, *[long] * 5), rounds=(1, 1, 5))
        logs = [math.log(value / long) for value in (1.0, 2.0, long)]
        mean, factor = math.exp(statistics.fmean(logs)), math.exp(4.302653 * statistics.stdev(logs) / math.sqrt(3))
        assert (mean < 1) == (wanted == "below")
        expected = long * min(1.0, mean) / factor, long * max(1.0, mean) * factor
        assert median_interval(measured) == pytest.approx(expected, rel=1e-6)
