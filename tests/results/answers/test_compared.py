"""Comparing models of a run and runs: against formulas by hand, who is meant, and what makes it incomparable."""

from __future__ import annotations

import re
from math import sqrt

import numpy as np
import pytest
from scipy.stats import binom, norm

from results.answers.asked import Unanswerable
from results.answers.compared import compared, of_models, of_runs
from results.ranking.comparability import NotComparable
from tests.results.runs import trial
from tests.results.samples import stored_run

FAST, SLOW = (20.0, 20.1, 20.2, 20.3, 20.4, 20.5, 20.6), (30.0, 30.1, 30.2, 30.3, 30.4, 30.5, 30.6)


def pair_of(tmp_path, first, second):
    run = stored_run(tmp_path, [trial("a", wrong=first), trial("b", wrong=second)])
    return of_models(run, "a", "b").pairs[0]


@pytest.mark.parametrize("number", range(20))
def test_difference_interval_p_and_counts_are_those_of_the_textbook(tmp_path, number):
    generator = np.random.default_rng(number)
    hard = generator.random(1000)
    first, second = (
        np.flatnonzero(0.7 * hard + 0.3 * generator.random(1000) > 0.85 - 0.02 * i) for i in (0, number % 4)
    )
    found = pair_of(tmp_path, first, second).error
    only_second, only_first = len(np.setdiff1d(first, second)), len(np.setdiff1d(second, first))
    n, fewer = only_first + only_second, min(only_first, only_second)
    assert (found.only_first, found.only_second) == (only_first, only_second)
    assert found.both_wrong == len(np.intersect1d(first, second))
    assert found.both_right + found.both_wrong + n == 1000
    # McNemar's mid-p, and the interval of Bonett and Price (2012), where the test does not decide otherwise.
    mid_p = min(1.0, 2 * binom.cdf(fewer, n, 0.5) - binom.pmf(fewer, n, 0.5))
    assert found.p == found.p_adjusted == pytest.approx(mid_p)
    more, less = (only_second + 1) / 1002, (only_first + 1) / 1002
    half = 1.959964 * sqrt((more + less - (more - less) ** 2) / 1002)
    ends = [100 * (more - less - half), 100 * (more - less + half)]
    if (mid_p < 0.05) == (ends[0] > 0 or ends[1] < 0):
        assert (found.low, found.high) == pytest.approx(ends)
    assert found.difference == pytest.approx((len(first) - len(second)) / 10)


def test_a_pair_of_many_is_tested_alone_and_said_to_be_one_of_many(tmp_path):
    others = [trial(f"other{i}", wrong=range(500 + i)) for i in range(10)]
    run = stored_run(tmp_path, [trial("a", wrong=range(100)), trial("b", wrong=range(88, 100)), *others])
    pair = of_models(run, "a", "other0").pairs[0]
    assert (pair.num_pairs, pair.error.p_adjusted) == (66, pair.error.p)
    assert pair.among_all.p_adjusted > pair.error.p


def test_two_models_are_looked_for_in_the_latest_run_or_in_the_one_named(tmp_path):
    named = stored_run(tmp_path, [trial("a"), trial("b", wrong=range(9))], name="2026-11-20-leaves-aaaa")
    stored_run(tmp_path, [trial("a"), trial("b", wrong=range(200))], name="2026-11-20-leaves-bbbb")
    assert compared("a", "b", None, tmp_path).pairs[0].error.difference == -20
    assert compared("a", "b", "aaaa", tmp_path).pairs[0].error.difference == pytest.approx(-0.9)
    assert compared("a", "b", str(named.path), tmp_path).names == ("a", "b")


def test_two_runs_are_compared_model_by_model(tmp_path):
    stored_run(tmp_path, [trial("a"), trial("b"), trial("old")], name="2026-11-20-leaves-aaaa")
    after = [trial("a", wrong=range(200)), trial("b"), trial("new"), trial("old", status="oom", cause="no room")]
    stored_run(tmp_path, after, name="2026-11-20-leaves-bbbb")
    found = compared("aaaa", "2026-11-20-leaves-b", None, tmp_path)
    assert [pair.model for pair in found.pairs] == ["a", "b"]
    # Two questions at once: each p counts double.
    error = found.pairs[0].error
    assert error.p_adjusted == 2 * error.p
    # Bonett and Price's interval at 97.5 %.
    more, less = 201 / 1002, 1 / 1002
    half = 100 * norm.isf(0.0125) * sqrt((more + less - (more - less) ** 2) / 1002)
    assert (error.low, error.high) == pytest.approx((100 * (less - more) - half, 100 * (less - more) + half))
    assert found.missing == {"old": "in 2026-11-20-leaves-bbbb FAIL:no room", "new": "not in 2026-11-20-leaves-aaaa"}
    assert found.gone == ("old",)
    assert [pair.model for pair in found.worse(0)] == ["a"]


def test_names_of_two_models_are_models_even_where_runs_begin_so(tmp_path):
    stored_run(tmp_path, [trial("a")], name="2026-11-20-leaves-aaaa")
    stored_run(tmp_path, [trial("a"), trial("b")], name="2026-11-20-leaves-bbbb")
    assert not compared("a", "b", None, tmp_path).of_runs


def test_a_run_against_itself_has_no_difference(tmp_path):
    run = stored_run(tmp_path, [trial("a", 1, wrong=range(7), cpu_infer_step_time=FAST), trial("a", 2), trial("b")])
    found = of_runs(run, run)
    assert all(pair.same_answers and not pair.changes for pair in found.pairs)
    [timed] = [pair for pair in found.pairs if pair.model == "a"]
    assert timed.times["cpu_infer_step_time"].same
    assert (found.worse(0), found.slower(0), found.differing) == ([], [], "")


def test_a_limit_is_broken_only_where_the_whole_interval_is_beyond_it(tmp_path):
    run = stored_run(
        tmp_path,
        [
            trial("a", wrong=range(100), cpu_infer_step_time=FAST),
            trial("b", wrong=range(150), cpu_infer_step_time=SLOW),
        ],
    )
    found = of_models(run, "a", "b")
    low = -found.pairs[0].error.high
    assert 1 < low < 5
    assert found.worse(low - 0.01)
    assert not found.worse(low + 0.01)
    slower = 100 * (1 / found.pairs[0].times["cpu_infer_step_time"].high - 1)
    assert 40 < slower < 50
    assert found.slower(slower - 0.1)
    assert not found.slower(slower + 0.1)
    turned = of_models(run, "b", "a")
    assert (turned.worse(0), turned.slower(0)) == ([], [])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"facts": {"threads": 8}}, r"threads \(2, 8\)"),
        ({"machine": {"torch": "2.6.0"}}, r"torch \(2.15.0, 2.6.0\)"),
        ({"facts": {"infer_batch_size": 1}}, r"timing batch size \(32, 1\)"),
        ({"facts": {"img_size": 64}}, r"image size \(224, 64\)"),
    ],
)
def test_what_makes_two_runs_incomparable_is_named(tmp_path, changes, named):
    runs = stored_run(tmp_path, [trial("a")]), stored_run(tmp_path, [trial("a", **changes)])
    with pytest.raises(NotComparable, match=named) as caught:
        of_runs(*runs).require_comparable()
    assert (caught.value.exit_code, caught.value.remedy) == (2, "compare them all the same with --force")


def test_of_a_run_that_cannot_be_ranked_two_models_can_be_compared_if_these_two_can(tmp_path):
    run = stored_run(tmp_path, [trial("a"), trial("b", wrong=range(200)), trial("c", machine={"torch": "2.6.0"})])
    of_models(run, "a", "b").require_comparable()
    assert of_models(run, "a", "b").pairs[0].error.difference == -20
    with pytest.raises(NotComparable, match=r"torch \(2.15.0, 2.6.0\)"):
        of_models(run, "a", "c").require_comparable()
    assert of_models(run, "a", "c").pairs[0].error is not None


def test_answers_to_other_images_are_never_paired(tmp_path):
    record, arrays = trial("a")
    runs = (
        stored_run(tmp_path, [trial("a")]),
        stored_run(tmp_path, [(record, {**arrays, "labels": arrays["labels"] + 1})]),
    )
    found = of_runs(*runs)
    assert found.pairs[0].error is None
    with pytest.raises(Unanswerable, match="no answers to the same images"):
        found.require_paired()


@pytest.mark.parametrize(
    ("first", "second", "cause", "remedy", "code"),
    [
        ("a", "bb", r"has no model 'bb'\. Did you mean b\?", "its models: a, b, gone", 2),
        ("a", "gone", "no trial of gone ended well: FAIL:no room", "carry it out again: harness retry .* --failed", 3),
        ("aaaa", "bbbb", "bbbb is not the folder of a run", "there are: 2026-11-20-leaves-aaaa", 4),
    ],
)
def test_what_is_not_there_is_said_with_what_is(tmp_path, first, second, cause, remedy, code):
    trials = [trial("a"), trial("b"), trial("gone", status="oom", cause="no room")]
    stored_run(tmp_path, trials, name="2026-11-20-leaves-aaaa")
    with pytest.raises(Exception, match=cause) as caught:
        compared(first, second, None, tmp_path)
    assert caught.value.exit_code == code
    assert re.fullmatch(remedy, caught.value.remedy)


def test_runs_without_a_model_in_common_are_refused(tmp_path):
    runs = stored_run(tmp_path, [trial("a")]), stored_run(tmp_path, [trial("b")])
    with pytest.raises(Unanswerable, match="have no model in common that ended well"):
        of_runs(*runs)
