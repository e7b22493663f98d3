"""Slots: how many trials a cluster has room for, and what is said where it has none."""

from __future__ import annotations

import pytest

from harness.cluster.ray_engine.slots import Slot, slot_for, unused
from zoo.errors import ZooError

SMALL, LARGE = {"CPU": 2.0}, {"CPU": 8.0, "GPU": 2.0}


@pytest.mark.parametrize(
    ("device", "threads", "nodes", "slot", "count"),
    [
        ("cpu", 1, [SMALL, LARGE], Slot(num_cpus=1), 10),
        ("cpu", 2, [SMALL, LARGE], Slot(num_cpus=2), 5),
        ("cpu", 3, [SMALL, LARGE], Slot(num_cpus=3), 2),
        ("cuda", 8, [SMALL, LARGE], Slot(num_cpus=4, num_gpus=1), 2),  # each accelerator with its share of the cores
        ("cuda", 2, [SMALL, LARGE, LARGE], Slot(num_cpus=2, num_gpus=1), 4),
        ("xpu", 1, [{"CPU": 1.0, "GPU": 4.0}], Slot(num_cpus=1, num_gpus=1), 1),
    ],
)
def test_a_trial_has_a_core_for_each_thread_or_an_accelerator(device, threads, nodes, slot, count):
    assert slot_for(device, threads, nodes) == slot
    assert slot.count(nodes) == count


@pytest.mark.parametrize(
    ("device", "nodes", "cause", "remedy"),
    [
        ("cpu", [SMALL], "no node of the Ray cluster has 4 CPUs, one for each thread of a trial", "--num-threads 2"),
        ("cpu", [], "no node of the Ray cluster has 4 CPUs, one for each thread of a trial", "add nodes"),
        ("cuda", [SMALL], "--device cuda, but no node of the Ray cluster has a GPU", "--device cpu"),
        ("mps", [SMALL], "--device mps: Ray gives out CPUs and GPUs alone", "--device cpu"),
    ],
)
def test_a_cluster_without_room_is_told_at_once(device, nodes, cause, remedy):
    with pytest.raises(ZooError) as raised:
        slot_for(device, 4, nodes)
    assert raised.value.cause == cause
    assert remedy in raised.value.remedy


@pytest.mark.parametrize(("slot", "nodes"), [(Slot(num_cpus=1), [SMALL]), (Slot(num_cpus=1, num_gpus=1), [LARGE])])
def test_nothing_is_said_of_accelerators_that_are_not_there_or_are_used(slot, nodes):
    assert unused(slot, nodes) == ""
    assert unused(Slot(num_cpus=1), [*nodes, LARGE, LARGE]).startswith("the cluster's ")
