"""Conditions of times: what differs from run to run, and what records of before did not say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from results.errors import StoreError
from results.ranking.comparability import conditions
from results.ranking.summary import summarise
from tests.results.runs import Folder, summary_of, trial

LINUX = {"os": "Linux 6.1"}


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ({"facts": {"allocator": "glibc default"}}, {"facts": {"allocator": "jemalloc"}}, "(glibc default, jemalloc)"),
        ({"facts": {"allocator": "glibc default"}}, {}, "(glibc default, glibc keeps freed memory)"),  # one of before
        ({"facts": {"allocator": "glibc keeps freed memory"}}, {}, ""),
        ({}, {}, ""),
    ],
)
def test_times_taken_with_another_allocator_are_not_ranked_together(first, second, named):
    timed = {"machine": LINUX, "cpu_infer_step_time": (1.0, 1.0)}
    folder = Folder([trial("a", **timed, **first), trial("b", **timed, **second)])
    if not named:
        assert summarise(folder.records(), folder.predictions).rows
        return
    with pytest.raises(StoreError, match=r"differ in allocator") as caught:
        summarise(folder.records(), folder.predictions)
    assert named in caught.value.cause


def test_a_trial_without_times_has_no_allocator_to_differ_in():
    assert summary_of(trial("a", machine=LINUX), trial("b", machine=LINUX, facts={"allocator": "glibc default"})).ranked


@pytest.mark.parametrize(("first", "second"), [("convolutions", None), ("convolutions", "all"), ("off", None)])
def test_tf32_is_a_condition_on_cuda_and_was_off_before_it_was_said(first, second):
    trials = [
        trial(name, device="cuda:0", facts={"tf32": word} if word else {})
        for name, word in (("a", first), ("b", second))
    ]
    folder = Folder(trials)
    if first == "off":
        assert summarise(folder.records(), folder.predictions).ranked
        return
    with pytest.raises(StoreError, match=rf"differ in TF32 \({first}, {second or 'off'}\)"):
        summarise(folder.records(), folder.predictions)


@pytest.mark.parametrize(
    ("machine", "measured", "facts", "allocator"),
    [
        ({"os": "Darwin 24.1"}, {"cpu_infer_step_time": (1.0,)}, {}, "Darwin default"),
        ({"os": "Linux 6.1"}, {"cpu_infer_step_time": (1.0,)}, {}, "glibc keeps freed memory"),
        ({"os": "Linux 6.1 x86_64"}, {"cpu_infer_step_time": (1.0,)}, {}, "glibc keeps freed memory"),
        ({}, {"cpu_infer_step_time": (1.0,)}, {}, None),
        ({"os": "Linux 6.1"}, {}, {}, None),
        ({}, {}, {"allocator": "jemalloc"}, "jemalloc"),
    ],
)
def test_a_record_of_before_has_the_allocator_that_times_were_taken_with_then(machine, measured, facts, allocator):
    [record] = summary_of(trial("a", machine=machine, facts=facts, **measured)).records
    assert conditions(record).get("allocator") == allocator


def test_how_images_were_cut_is_a_condition_and_records_of_before_were_not_cut_into_folds():
    whole, _ = trial("a")
    folds, _ = trial("a", data={"folds": 5, "groups": "9f3c"})
    assert {name: conditions(whole)[name] for name in ("folds", "groups")} == {"folds": 0, "groups": "none"}
    assert {name: conditions(folds)[name] for name in ("folds", "groups")} == {"folds": 5, "groups": "9f3c"}


def test_where_a_worker_trained_a_model_is_no_condition_and_where_it_was_timed_is_one():
    (here, _), (there, _) = (trial("a", machine={"cpu": cpu, "cores": 1}) for cpu in ("x", "y"))
    apart = [replace(record, timing_machine={}, device=f"cuda:{n}") for n, record in enumerate((here, there))]
    assert conditions(apart[0]) == conditions(apart[1])
    timed = [replace(record, timing_machine={"cpu": "z", "cores": 8}) for record in (here, there)]
    assert conditions(timed[0]) == conditions(timed[1])
    assert (conditions(timed[0])["cpu"], conditions(here)["cpu"]) == ("z", "x")
