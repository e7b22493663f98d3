"""Several runs: which belong together, and what is said of those that do not."""

from __future__ import annotations

from pathlib import Path

from results.page.report_run import report_run
from results.page.together import groups
from tests.results.runs import Folder, trial


def run(name, **condition):
    folder = Folder([trial("vit", wrong=range(50), **condition)], path=Path("results/runs") / name)
    return report_run(folder)


def names(alike):
    return [one.name for one in alike.runs]


def test_runs_under_the_same_conditions_are_one_group_and_it_says_so():
    (alike,) = groups([run("a"), run("b")])
    assert names(alike) == ["a", "b"]
    assert alike.words == (
        "a and b were made under the same conditions: their figures may be held against each other; "
        "each is ranked by itself."
    )


def test_a_run_that_differs_is_a_group_of_its_own_and_all_that_differs_is_named():
    first, second = groups([run("a"), run("b", facts={"threads": 1}, machine={"torch": "2.6.0"}), run("c")])
    assert (names(first), names(second)) == (["a", "c"], ["b"])
    assert second.words == (
        "b cannot be compared with a, from which it differs in threads (2, 1); torch (2.15.0, 2.6.0)."
    )


def test_a_run_of_which_nothing_ended_well_is_alone():
    first, second = groups([run("a"), run("b", status="failed", cause="it broke")])
    assert (names(first), names(second)) == (["a"], ["b"])
    assert second.words == "b cannot be compared with a: in one of them no trial ended well."


def test_other_data_are_another_group():
    assert len(groups([run("a"), run("b", data={"fingerprint": "ffff"})])) == 2
