"""Which model is recommended: what a person gets by sorting table.csv, and the cases that need a word."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from results.answers.asked import Unanswerable
from results.answers.limits import Limits
from results.answers.recommend import recommend
from results.records import Measurement
from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from results.tables.json_table import json_table
from tests.results.random_runs import random_run
from tests.results.runs import summary_of, trial


def around(median):
    """Samples whose interval reaches 5 % either way."""
    return tuple(median * factor for factor in (0.95, 0.98, 1.0, 1.02, 1.05))


def model(name, num_wrong, ms, params=10.0, **more):
    facts = {"param_count": int(params * 1e6)}
    return trial(name, wrong=range(num_wrong), facts=facts, cpu_infer_step_time=around(ms), **more)


def by_hand(summary, limits, device):
    """The model that a person finds with table.csv and the comparisons of table.json."""
    table = list(csv.DictReader(io.StringIO(csv_table(flat(summary)).decode())))
    limited = {
        f"{device}_infer_step_time": limits.max_ms,
        "param_count": limits.max_params,
        "peak_mib" if device == "cpu" else "device_peak_mib": limits.max_memory,
    }
    asked = {column: most for column, most in limited.items() if most is not None}
    fits = [r for r in table if r["rank_low"] and all(r.get(c) and float(r[c]) <= most for c, most in asked.items())]
    if not fits:
        return None
    best = min(fits, key=lambda row: float(row["top1_err"]))
    if limits.within is None:
        pairs = json.loads(json_table(summary, flat(summary), {}))["comparisons"]
        beaten = {p["second"] for p in pairs if p["first"] == best["model"] and p["significant"]}
        good = [row for row in fits if row["model"] not in beaten]
    else:
        good = [row for row in fits if float(row["top1_err"]) - float(best["top1_err"]) <= limits.within]
    time = f"{device}_infer_step_time"
    return min(good, key=lambda r: (float(r.get(time) or math.inf), float(r["param_count"]), float(r["top1_err"])))[
        "model"
    ]


def random_limits(generator, kinds):
    def maybe(*values):
        return generator.choice(values) * generator.uniform(0.9, 1.1) if generator.random() < 0.5 else None

    return Limits(
        max_ms=maybe(1, 1.02, 2, 5) if kinds else None,
        on=str(generator.choice(kinds)) if kinds else None,
        max_params=maybe(5, 20, 40),
        max_memory=maybe(400, 512, 600),
        within=maybe(0, 1, 10),
    )


def costly(generator, trials):
    """The same trials, each model of a size of its own, each trial with peaks of memory of its own."""
    sizes = {record.model: int(generator.integers(1, 50)) * 10**6 for record, _ in trials}
    for record, arrays in trials:
        if not record.facts:
            yield record, arrays
            continue
        peaks = {name: tuple(generator.uniform(300, 700, 1)) for name in ("peak_mib", "device_peak_mib")}
        kept = [measured for measured in record.measurements if measured.name not in peaks]
        kept += [Measurement(name=name, unit="MiB", values=values) for name, values in peaks.items()]
        facts = {**record.facts, "param_count": sizes[record.model]}
        yield replace(record, facts=facts, measurements=tuple(kept)), arrays


@cache
def recommended(number):
    """A random run, limits and what is recommended, None where nothing is ranked."""
    generator = np.random.default_rng(10_000 + number)
    summary = summary_of(*costly(generator, random_run(number)))
    kinds = [kind for kind in ("cpu", "cuda") if any(row.time(kind, "infer") for row in summary.ranked)]
    limits = random_limits(generator, kinds)
    return (summary, limits, recommend(summary, limits)) if summary.ranked else None


@pytest.mark.parametrize("number", range(200))
def test_it_is_what_a_person_gets_by_sorting_the_table(number):
    if told := recommended(number):
        summary, limits, found = told
        assert (found.chosen.model if found.chosen else None) == by_hand(summary, limits, found.device or "cpu")


def test_the_random_runs_and_limits_are_of_all_kinds():
    seen = set()
    for number in range(200):
        if told := recommended(number):
            _, _, found = told
            seen |= {"nothing fits" if not found.chosen else "the best" if found.loss is None else "a cheaper one"}
            seen |= {"straddles"} if found.straddling else set()
            seen |= {"over"} if found.over else set()
    assert seen == {"nothing fits", "the best", "a cheaper one", "straddles", "over"}


def test_the_cheapest_that_is_not_told_apart_from_the_best_that_fits_is_taken():
    run = summary_of(model("huge", 20, 100), model("big", 80, 30), model("small", 84, 10), model("tiny", 400, 1))
    found = recommend(run, Limits(max_ms=50))
    assert (found.chosen.model, [row.model for row in found.good]) == ("small", ["small", "big"])
    assert [row.model for row in found.fitting] == ["big", "small", "tiny"]
    assert found.loss.difference == pytest.approx(0.4)
    assert [(over.row.model, over.gain.difference) for over in found.over] == [("huge", pytest.approx(6.4))]


def test_within_counts_points_and_asks_no_test():
    run = summary_of(model("big", 80, 30), model("small", 85, 10), model("tiny", 400, 1))
    chosen = {within: recommend(run, Limits(within=within)).chosen.model for within in (0, 0.4, 0.5, 31.9, 32)}
    assert chosen == {0: "big", 0.4: "big", 0.5: "small", 31.9: "small", 32: "tiny"}


@pytest.mark.parametrize(("limit", "straddling"), [(28, []), (29, ["big"]), (30, ["big"]), (31, ["big"]), (32, [])])
def test_a_time_whose_interval_has_the_limit_within_straddles_it(limit, straddling):
    found = recommend(summary_of(model("big", 80, 30), model("small", 85, 10)), Limits(max_ms=limit))
    assert [row.model for row in found.straddling] == straddling
    assert ("big" in {row.model for row in found.fitting}) == (limit >= 30)


def test_of_what_does_not_fit_the_nearest_comes_first_whatever_the_limit():
    run = summary_of(model("a", 10, 40, 10), model("b", 20, 10, 30), model("c", 30, 21, 10), model("d", 500, 1, 1))
    found = recommend(run, Limits(max_ms=20, max_params=20))
    assert [(over.row.model, [figure.what for figure in over.figures]) for over in found.over] == [
        ("c", ["ms"]),
        ("b", ["params"]),
        ("a", ["ms"]),
    ]
    nothing = recommend(run, Limits(max_ms=0.5))
    assert nothing.chosen is None
    assert [over.row.model for over in nothing.over] == ["d", "b", "c", "a"]


def test_what_has_not_the_figure_that_is_limited_is_not_judged():
    run = summary_of(model("a", 10, 10), trial("untimed"), model("b", 90, 5))
    found = recommend(run, Limits(max_ms=20))
    assert [row.model for row in found.unknown] == ["untimed"]
    assert found.chosen.model == "a"
    # Where no time is limited, one that is not known is dear and forbids nothing.
    assert recommend(run, Limits(within=0)).chosen.model == "untimed"


def test_times_are_those_of_the_device_trained_on_unless_one_is_named():
    gpu = {"cuda_infer_step_time": around(3.0)}
    run = summary_of(model("a", 10, 50, **gpu), model("b", 60, 5, **gpu))
    assert recommend(run, Limits(max_ms=4)).device == "cuda"
    assert recommend(run, Limits(max_ms=4)).chosen.model == "a"
    assert recommend(run, Limits(max_ms=6, on="cpu")).chosen.model == "b"


def test_memory_is_that_of_the_accelerator_where_that_is_meant():
    small = {"cuda_infer_step_time": around(3.0), "peak_mib": (900.0,), "device_peak_mib": (100.0,)}
    run = summary_of(model("a", 10, 50, **small))
    assert recommend(run, Limits(max_memory=200)).chosen
    assert not recommend(run, Limits(max_memory=200, on="cpu")).chosen


@pytest.mark.parametrize(
    ("limits", "cause", "remedy"),
    [
        (Limits(on="cuda"), "this run timed nothing on cuda", "give --on cpu"),
        (Limits(batch_size=1), "this run timed batches of 32, not of 1", "leave it out; other sizes: harness time"),
    ],
)
def test_what_the_run_does_not_know_is_refused(limits, cause, remedy):
    with pytest.raises(Unanswerable, match=cause) as caught:
        recommend(summary_of(model("a", 10, 10)), limits)
    assert caught.value.exit_code == 2
    assert caught.value.remedy.startswith(remedy)


def test_a_run_without_times_or_without_results_says_so():
    with pytest.raises(Unanswerable, match="this run has no times"):
        recommend(summary_of(trial("a")), Limits(max_ms=1))
    with pytest.raises(Unanswerable, match="nothing to recommend") as caught:
        recommend(summary_of(trial("a", status="oom", cause="no room")), Limits())
    assert caught.value.exit_code == 3
