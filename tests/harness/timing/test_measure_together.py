from __future__ import annotations

import torch
from torch import nn

from harness.plan.config import TimingConfig, grouped
from harness.timing.entry import Entry, TimedModel
from harness.timing.measure import time_together
from harness.timing.series import Series
from tests.harness.timing.standin import FakeClock

CPU = torch.device("cpu")


def config(**changes) -> TimingConfig:
    usual = {"batch_size": 2, "budget_s": 0.001, "num_threads": 1, "train": False}
    return TimingConfig(**grouped(usual | changes))


def entry(name: str, model: nn.Module | None = None) -> Entry:
    return Entry(name=name, model=model or linear(), input_shape=(3, 2, 2), num_classes=2)


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 2))


def test_models_take_turns(monkeypatch):
    turns = []
    run_round = TimedModel.run_round
    monkeypatch.setattr(Series, "reasons", lambda self: [])
    monkeypatch.setattr(
        TimedModel, "run_round", lambda self, kind: (turns.append(self.entry.name), run_round(self, kind))
    )
    time_together([entry("a"), entry("b")], CPU, config(rounds=3))
    assert turns == ["a", "b", "a", "b", "a", "b"]


def test_a_model_that_fails_costs_only_itself():
    broken = nn.Sequential(nn.Flatten(), nn.Linear(99, 2))
    first, second, third = time_together([entry("a"), entry("broken", broken), entry("c")], CPU, config())
    assert "RuntimeError" in second.failures["infer"]
    assert second.measurements == ()
    for timing in (first, third):
        assert timing.failures == {}
        assert timing.measured("cpu_infer_step_time").n >= 5


def test_what_was_disturbed_is_timed_once_more_and_the_better_is_kept(monkeypatch):
    lines = []
    monkeypatch.setattr(Series, "disturbances", lambda self: ["noise"] if self.samples[0] > 15 else [])
    # One step of warm-up, five disturbed samples, then five in peace.
    clock = FakeClock(20.0, *[20.0] * 5, 10.0)
    (timing,) = time_together(
        [entry("a")], CPU, config(budget_s=0, rounds=1), tell=lambda *said: lines.append(said), clock=clock
    )
    assert timing.measured("cpu_infer_step_time").values == (10.0,) * 5
    assert timing.verdict == "steady"
    assert lines == [("infer a", True), ("infer again, disturbed: a", False)]


def test_a_second_try_that_went_worse_is_dropped(monkeypatch):
    monkeypatch.setattr(Series, "disturbances", lambda self: ["noise"])
    clock = FakeClock(20.0, *[20.0] * 5, 30.0)
    (timing,) = time_together([entry("a")], CPU, config(budget_s=0, rounds=1), clock=clock)
    assert timing.measured("cpu_infer_step_time").median == 20.0


def test_noise_that_stays_is_flagged_after_one_more_try(monkeypatch):
    monkeypatch.setattr(Series, "disturbances", lambda self: ["noise"])
    clock = FakeClock(10.0)
    (timing,) = time_together([entry("a")], CPU, config(budget_s=0, rounds=1), clock=clock)
    assert clock.num_steps == 1 + 5 + 5
    assert (timing.verdict, timing.reasons) == ("noisy", ("infer: noise",))


def test_one_model_has_rounds_too_and_their_measurement_says_which_is_which(monkeypatch):
    monkeypatch.setattr(Series, "disturbances", lambda self: [])
    (timing,) = time_together([entry("a")], CPU, config(budget_s=0, rounds=3), clock=FakeClock(60.0))
    measured = timing.measured("cpu_infer_step_time")
    assert (measured.rounds, measured.by_round) == ((2, 2, 2), ((60.0, 60.0),) * 3)


def test_a_drift_between_rounds_is_tried_once_more_and_then_noisy_with_the_reason(monkeypatch):
    monkeypatch.setattr(Series, "disturbances", lambda self: [])
    # A step of warm-up, three rounds of two steps, the second attempt's three: each time the last is 86 % slower.
    clock = FakeClock(60.0, *[60.0, 60.0, 60.0, 60.0, 111.6, 111.6] * 2)
    (timing,) = time_together([entry("a")], CPU, config(budget_s=0, rounds=3), clock=clock)
    assert clock.num_steps == 13
    assert (timing.verdict, timing.reasons) == ("noisy", ("infer: rounds differ by 86%",))
    assert timing.disturbances == ()


def test_rows_share_the_least_number_of_samples_over_their_rounds(monkeypatch):
    monkeypatch.setattr(Series, "reasons", lambda self: [])
    timings = time_together([entry("a"), entry("b")], CPU, config(rounds=5, budget_s=0), clock=FakeClock(60.0))
    assert [timing.measured("cpu_infer_step_time").n for timing in timings] == [5, 5]


def test_what_one_model_switches_as_it_runs_is_put_back_before_the_next_and_said():
    seen = set()

    def tune(module, images):
        torch.backends.cudnn.benchmark = True

    greedy, modest = linear(), linear()
    greedy.register_forward_pre_hook(tune)
    modest.register_forward_pre_hook(lambda module, images: seen.add(torch.backends.cudnn.benchmark))
    first, second = time_together([entry("greedy", greedy), entry("modest", modest)], CPU, config(train=True))
    assert seen == {False}
    assert (first.verdict, second.failures) == ("noisy", {})
    assert "its code changes torch.backends.cudnn.benchmark as it runs" in first.reasons
    assert not [reason for reason in second.reasons if "its code" in reason]
