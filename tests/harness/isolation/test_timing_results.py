"""What a process that only times hands over, and what of it is believed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from harness.isolation import timing_worker, worker
from harness.isolation.timing_results import pack, unpack
from harness.timing.result import Timing
from harness.trial.times import DeviceTiming
from results.records import Measurement
from tests.harness.runs.test_timing_rounds import item, runner

STEP = Measurement(name="cpu_infer_step_time", unit="ms", values=(1.0, 2.0, 4.0), rounds=(1, 2))
TIMING = Timing(
    measurements=(STEP,),
    verdict="noisy",
    reasons=("infer: rounds differ by 200%",),
    disturbances=(),
    failures={"train": "ValueError: no"},
    facts={"allocator": "glibc default", "threads": 2, "detail": False},
)
FOUND = [[DeviceTiming(device="cpu", timing=TIMING)], [DeviceTiming(device="cpu", error="MemoryError", traceback="t")]]


def sent(found=FOUND):
    return json.loads(json.dumps(pack(found)))


def test_timings_come_through_whole_with_their_rounds():
    assert unpack(sent(), 2, ["cpu"]) == FOUND


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_timing_of_another_device_or_of_more_models_is_refused(device):
    for count, devices in ((1, ["cpu"]), (2, [device]), (2, ["cpu", device])):
        with pytest.raises(ValueError, match="of other models, or on other devices"):
            unpack(sent(), count, devices)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rounds": [2, 2]}, "rounds of its measurement 'cpu_infer_step_time' do not hold"),
        ({"rounds": [-1, 4]}, "do not hold its numbers"),
        ({"rounds": [True, 2]}, "do not hold its numbers"),
        ({"values": ["fast"]}, "is no list of numbers"),
        ({"name": "top1_err"}, "is none of cpu"),
        ({"name": 7}, "is no list of numbers"),
    ],
)
def test_measurements_that_are_none_are_refused(changes, said):
    packed = sent()
    packed[0][0]["timing"]["measurements"][0] |= changes
    with pytest.raises(ValueError, match=said):
        unpack(packed, 2, ["cpu"])


@pytest.mark.parametrize("broken", [None, [], [[]], [[{}], [{}]], [[{"device": 7}], []], "text", 5])
def test_what_is_no_timing_at_all_is_refused(broken):
    with pytest.raises(ValueError, match=r"timing|its words"):
        unpack(broken, 2, ["cpu"])


@pytest.mark.parametrize(("name", "value"), [("facts", {"threads": [1]}), ("failures", {"train": 3}), ("facts", 7)])
def test_facts_and_failures_are_plain_words_and_numbers(name, value):
    packed = sent()
    packed[0][0]["timing"][name] = value
    with pytest.raises(ValueError, match=r"facts|failures"):
        unpack(packed, 2, ["cpu"])


@pytest.mark.parametrize(("timed_on", "kept"), [((), 1), (("cuda", "cpu"), 0)])
def test_only_a_trial_that_is_timed_elsewhere_keeps_freed_memory(monkeypatch, tmp_path, timed_on, kept):
    calls = []
    for name in ("begin", "make_checkpoints", "serve", "signal"):
        monkeypatch.setattr(worker, name, type("Quiet", (), {"__getattr__": lambda *_: lambda *_: None})())
    for name in ("begin", "make_checkpoints", "serve"):
        monkeypatch.setattr(worker, name, lambda *_: None)
    monkeypatch.setattr(worker, "keep_freed_memory", lambda: calls.append(1))
    job = runner(tmp_path, [item()], []).timing_job(item(), item().trial, "")
    worker.main(replace(job, timed_on=timed_on).to_json(), None, None)
    assert len(calls) == kept


def test_models_of_one_process_are_timed_by_turns_in_the_effort_of_their_share(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(timing_worker, "_entry", lambda job: job.trial.model)
    monkeypatch.setattr(
        timing_worker,
        "time_by_turns",
        lambda device, entries, config, exact: (
            seen.append((device, list(entries), config.rounds, config.budget_s, exact))
            or [DeviceTiming(device="cpu", error=name) for name in entries]
        ),
    )
    jobs = [
        replace(runner(tmp_path / name, [], []).timing_job(item(name), item(name).trial, ""), rounds=2, rounds_in_all=3)
        for name in ("a", "b")
    ]
    phases = []
    result = timing_worker.perform(jobs, worker.Messenger(phases.append))
    assert [one.error for (one,) in unpack(result["times"], 2, ["cpu"])] == ["a", "b"]
    assert seen == [(torch.device("cpu"), ["a", "b"], 2, pytest.approx(2 / 3), False)]
    assert phases == [{"phase": "time"}]
