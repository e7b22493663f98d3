from __future__ import annotations

from dataclasses import replace

import pytest

from harness.timing.disturbances import disturbances, verdict
from harness.timing.watch.conditions import Conditions, Snapshot, between, combined

PEACE = Conditions(
    wall_s=1.0,
    thread_share=0.999,
    involuntary_rate=2.0,
    page_reads=0,
    foreign_cores=0.01,
    stolen_cores=0.0,
    throttles=0,
)


def reasons(num_threads=2, on_cpu=True, **changes):
    return disturbances(replace(PEACE, **changes), num_threads=num_threads, num_cpus=2, on_cpu=on_cpu)


def test_peace_is_steady():
    assert reasons() == []
    assert verdict(reasons()) == "steady"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"foreign_cores": 1.0}, "other processes used 1.0 of 2 cores"),
        ({"stolen_cores": 0.2}, "the host took 0.20 cores away"),
        ({"thread_share": 0.7}, "off the core 30% of the time"),
        ({"involuntary_rate": 120.0}, "120 involuntary context switches a second"),
        ({"throttles": 3}, "throttled for heat 3 times"),
        ({"page_reads": 9}, "9 pages read from disk"),
    ],
)
def test_each_disturbance_is_named(changes, reason):
    assert reasons(**changes) == [reason]
    assert verdict([reason]) == "noisy"


def test_a_busy_core_that_we_do_not_need_disturbs_nothing():
    assert reasons(num_threads=1, foreign_cores=0.9) == []
    assert reasons(num_threads=1, foreign_cores=1.5) != []


def test_waiting_for_an_accelerator_is_no_disturbance():
    assert reasons(thread_share=0.1, on_cpu=False) == []


def test_what_a_system_does_not_tell_is_not_held_against_it():
    assert reasons(foreign_cores=None, stolen_cores=None, throttles=None) == []


@pytest.mark.parametrize(
    ("field", "quiet", "disturbed"),
    [
        ("stolen_cores", 0.05, 0.051),
        ("thread_share", 0.95, 0.949),
        ("involuntary_rate", 50.0, 50.1),
        ("throttles", 0, 1),
        ("page_reads", 0, 1),
        ("foreign_cores", 0.1, 0.101),
    ],
)
def test_each_limit_is_where_it_is_said_to_be(field, quiet, disturbed):
    assert reasons(**{field: quiet}) == []
    assert len(reasons(**{field: disturbed})) == 1


def test_other_processes_disturb_where_the_cores_do_not_suffice_for_all():
    assert reasons(num_threads=1, foreign_cores=1.1) == []
    assert reasons(num_threads=1, foreign_cores=1.11) == ["other processes used 1.1 of 2 cores"]
    assert reasons(num_threads=3, foreign_cores=0.1) == []


def test_several_disturbances_are_all_named_in_order():
    assert reasons(foreign_cores=2.0, stolen_cores=0.06, thread_share=0.5, involuntary_rate=51, throttles=1) == [
        "other processes used 2.0 of 2 cores",
        "the host took 0.06 cores away",
        "off the core 50% of the time",
        "51 involuntary context switches a second",
        "throttled for heat 1 times",
    ]


def test_conditions_are_differences_of_two_snapshots():
    before = Snapshot(
        wall_s=5,
        process_s=1,
        system_s=0.5,
        thread_s=1,
        involuntary=10,
        page_reads=0,
        machine_s=50,
        stolen_s=0,
        throttles=1,
    )
    after = Snapshot(
        wall_s=7,
        process_s=3,
        system_s=1.0,
        thread_s=2,
        involuntary=14,
        page_reads=3,
        machine_s=53,
        stolen_s=1,
        throttles=1,
    )
    assert between(before, after) == Conditions(
        wall_s=2,
        thread_share=0.5,
        involuntary_rate=2.0,
        page_reads=3,
        foreign_cores=0.5,
        stolen_cores=0.5,
        throttles=0,
        system_share=0.25,
    )


def test_stretches_are_averaged_by_their_duration():
    whole = combined([replace(PEACE, wall_s=3.0, foreign_cores=1.0, page_reads=1), replace(PEACE, foreign_cores=0.0)])
    assert whole.wall_s == 4.0
    assert whole.foreign_cores == pytest.approx(0.75)
    assert whole.page_reads == 1
