"""What is left of a run must fit what has ended; what only a trial can tell is not asked beforehand."""

from __future__ import annotations

import pytest

from harness.runs.comparable import require_comparable
from tests.results.samples import record
from zoo.errors import ZooError

FACTS = {"precision": "float32", "threads": 4, "infer_batch_size": 32}
MACHINE = {"cpu": "X", "cores": 4, "torch": "2.15.0", "timm": "1.0", "accelerators": ({"name": "H100"},)}
ENDED = record(facts={**FACTS, "channels_last": True}, machine=MACHINE, data={"num_test": 9})


def coming(facts=None, machine=None, **changes):
    facts, machine = {**FACTS, **(facts or {})}, {**MACHINE, **(machine or {})}
    return record(facts=facts, machine=machine, data={"num_test": 9}, **changes)


def test_the_same_conditions_are_fine_and_so_are_those_before_any_trial_has_ended_well():
    require_comparable([ENDED], coming())
    require_comparable([], coming(machine={"cores": 2}))
    require_comparable([record(status="failed", machine=MACHINE)], coming(machine={"cores": 2}))


@pytest.mark.fault(147)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"machine": {"cores": 2}, "facts": {"threads": 2}}, "threads 4 -> 2, cores 4 -> 2"),
        ({"machine": {"timm": "1.1"}}, "timm 1.0 -> 1.1"),
        ({"machine": {"accelerators": ({"name": "H200"},)}}, "accelerators ['H100'] -> ['H200']"),
        ({"device": "cuda"}, "device cpu -> cuda"),
    ],
)
def test_147_each_condition_that_differs_is_named(changes, said):
    with pytest.raises(ZooError, match="could not be ranked") as caught:
        require_comparable([ENDED], coming(**changes))
    assert caught.value.cause.endswith(f"with what has ended: {said}")
    assert "start a new run" in caught.value.remedy
