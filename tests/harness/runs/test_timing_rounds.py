"""Rounds of timing that lie apart: taken by turns at the end of a run, and what a drift between them comes to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from harness.cli.main import main
from harness.isolation import timing_worker
from harness.isolation.job import Job
from harness.plan.config import TimingConfig, TrainConfig, Trial
from harness.plan.trials import Planned
from harness.runs.console.screen import NoScreen
from harness.runs.runner import RoundResult
from harness.runs.timing_rounds import Turn, take_later_rounds
from harness.timing.result import Timing
from harness.trial.times import DeviceTiming
from results.records import Measurement
from results.store.file_names import trial_slug
from results.store.holder import Holder
from results.store.run_store import RunStore
from results.tables.sentence import remarks
from tests.results.runs import summary_of
from tests.results.runs import trial as row
from tests.results.samples import record
from zoo.selection import Choice
from zoo.specs import ModelSpec

FACTS = {"allocator": "glibc default", "timing_threads": 2, "timing_verdict": "steady"}
CONDITIONS = {"allocator": "glibc default", "threads": 2}
QUIET = (10.0, 10.1, 9.9)


def item(model="a", owner="shipped", seed=1):
    trial = Trial(model=model, dataset="d", train=TrainConfig(), timing=TimingConfig(), device="cpu", seed=seed)
    return Planned(trial=trial, choice=Choice(spec=ModelSpec(name=model, build="m:f"), owner=owner))


def step_time(*values):
    return Measurement(name="cpu_infer_step_time", unit="ms", values=values)


def found(values=QUIET, disturbances=(), **facts):
    """What a process says of one model on the CPU."""
    timing = Timing(
        measurements=(step_time(*values),), verdict="steady", disturbances=disturbances, facts=CONDITIONS | facts
    )
    return [DeviceTiming(device="cpu", timing=timing)]


class Heard(NoScreen):
    """Keeps the lines and the events that it gets."""

    def __init__(self):
        super().__init__()
        self.said, self.told = [], []

    def line(self, text):
        self.said.append(text)

    def tell(self, event):
        self.told.append(event)


@dataclass
class FakeRunner:
    """Plays back what processes find, and keeps what they were asked."""

    store: RunStore
    results: list
    is_cheap_to_start: bool = True
    rounds: int = 3
    asked: list = field(default_factory=list)
    context: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(machine={"cpu": "ours"}))

    def rounds_in_all(self, item):
        return self.rounds

    def timing_job(self, item, trial, checkpoint):
        named = dict.fromkeys(("weights_sha256", "device", "fingerprint", "data", "features", "work", "progress"), "")
        paths = {"plugins": (), "plugin_files": {}, "timed_on": ("cpu",), "num_threads": 1, "checkpoint_s": 1.0}
        return Job(trial=trial, owner=item.choice.owner, owner_source="", checkpoint=str(checkpoint), **named, **paths)

    def time(self, jobs):
        self.asked.append([(job.trial.model, job.rounds) for job in jobs])
        result = self.results.pop(0)
        if isinstance(result, BaseException):
            raise result
        return result if isinstance(result, RoundResult) else RoundResult(timings=[result] * len(jobs))


def runner(tmp_path, items, results, facts=FACTS, **kwargs):
    store = RunStore.create(tmp_path, "d", {})
    for one in items:
        (store.path / "checkpoints" / trial_slug(one.trial.model, one.trial.seed)).mkdir(parents=True)
        store.save(record(one.trial.model, key=one.trial.key, facts=facts, measurements=(step_time(*QUIET),)))
    return FakeRunner(store, results, **kwargs)


def test_every_model_is_timed_again_by_turns_and_its_record_keeps_the_rounds(tmp_path):
    items = [item("a"), item("b")]
    fake, screen = runner(tmp_path, items, [found()] * 4), Heard()
    take_later_rounds(fake, items, screen)
    assert fake.asked == [[("a", 1)], [("b", 1)], [("a", 1)], [("b", 1)]]
    assert screen.said == ["timing   2 more rounds of 2 trained models, by turns"]
    for kept in fake.store.records():
        (measured,) = kept.measurements
        assert (measured.values, measured.rounds) == (QUIET * 3, (3, 3, 3))
        assert kept.facts == FACTS


def test_a_screen_hears_how_far_the_turns_are_before_each_of_them(tmp_path):
    items, screen = [item("a"), item("b")], Heard()
    take_later_rounds(runner(tmp_path, items, [found()] * 4), items, screen)
    assert [(event.done, event.total, event.detail) for event in screen.told] == [
        (0, 4, "a seed 1"), (1, 4, "b seed 1"), (2, 4, "a seed 1"), (3, 4, "b seed 1"),
    ]  # fmt: skip
    assert all(event.is_timed for event in screen.told)


def test_a_step_that_gets_slower_between_rounds_is_noisy_with_the_reason_below_the_table(tmp_path):
    slower = found([1.86 * value for value in QUIET])
    fake = runner(tmp_path, [item()], [found(), slower])
    take_later_rounds(fake, [item()], Heard())
    (kept,) = fake.store.records()
    assert kept.facts["timing_verdict"] == "noisy"
    assert kept.facts["timing_reasons"] == "cpu infer: rounds differ by 86%"
    shown = row("a", facts=kept.facts, cpu_infer_step_time=kept.measurements[0].values)
    assert "Noisy timings: a (cpu infer: rounds differ by 86%)." in remarks(summary_of(shown, row("b")))


def test_what_disturbed_a_round_is_said_once_whatever_its_figures(tmp_path):
    first, second = ("infer: off the core 30% of the time",), ("infer: off the core 41% of the time",)
    fake = runner(tmp_path, [item()], [found(disturbances=first), found(disturbances=second)])
    take_later_rounds(fake, [item()], Heard())
    (kept,) = fake.store.records()
    assert kept.facts["timing_verdict"] == "noisy"
    assert kept.facts["timing_reasons"] == "cpu infer: off the core 30% of the time"


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (RoundResult(cause="crashed with SIGSEGV"), "crashed with SIGSEGV"),
        (found(allocator="jemalloc"), "under other conditions: allocator glibc default, now jemalloc"),
        ([DeviceTiming(device="cpu", error="MemoryError: no")], "cpu: MemoryError: no"),
    ],
)
def test_a_round_that_fails_costs_the_later_rounds_only_and_is_said(tmp_path, result, why):
    fake, screen = runner(tmp_path, [item()], [result]), Heard()
    take_later_rounds(fake, [item()], screen)
    (kept,) = fake.store.records()
    assert (kept.status, kept.facts["timing_verdict"], kept.measurements) == ("ok", "steady", (step_time(*QUIET),))
    assert why in kept.facts["notes"]
    assert "a later round of its timing is missing" in screen.said[-1]


def test_a_round_that_was_not_taken_by_turns_is_noted_once(tmp_path):
    fake, screen = runner(tmp_path, [item()], [found(not_by_turns="OutOfMemoryError")] * 2), Heard()
    take_later_rounds(fake, [item()], screen)
    (kept,) = fake.store.records()
    assert kept.facts["notes"] == "timed by itself, not by turns with others (OutOfMemoryError)"
    assert len(kept.measurements[0].by_round) == 3


def test_a_model_whose_checkpoint_is_gone_gets_no_later_round_and_is_said(tmp_path):
    items, screen = [item("a"), item("b")], Heard()
    fake = runner(tmp_path, items, [found()] * 2)
    (fake.store.path / "checkpoints" / "a@s1").rmdir()
    take_later_rounds(fake, items, screen)
    assert fake.asked == [[("b", 1)], [("b", 1)]]
    assert screen.said[0] == "note: a seed 1: a later round of its timing is missing (its checkpoint is gone)"
    assert "its checkpoint is gone" in fake.store.records()[0].facts["notes"]


def test_a_kill_between_rounds_leaves_whole_records_and_the_missing_rounds_are_taken_later(tmp_path):
    items = [item("a"), item("b")]
    fake = runner(tmp_path, items, [found(), KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        take_later_rounds(fake, items, Heard())
    assert [len(kept.measurements[0].by_round) for kept in fake.store.records()] == [2, 1]
    again = replace(fake, results=[found()] * 3, asked=[])
    take_later_rounds(again, items, Heard())
    assert again.asked == [[("a", 1)], [("b", 1)], [("b", 1)]]
    assert [len(kept.measurements[0].by_round) for kept in again.store.records()] == [3, 3]


def test_an_accelerators_processes_are_few_models_of_one_plugin_share_one(tmp_path):
    items = [item("a"), item("b"), item("mine/c", owner="mine")]
    fake = runner(tmp_path, items, [found(), found()], is_cheap_to_start=False)
    take_later_rounds(fake, items, Heard())
    assert fake.asked == [[("a", 2), ("b", 2)], [("mine/c", 2)]]


@pytest.mark.parametrize(
    "facts",
    [
        {"timing_verdict": "steady"},  # a record of before: its times were taken under other conditions
        {**FACTS, "timing_verdict": "failed"},
    ],
)
def test_what_has_no_times_to_add_to_is_left_alone(tmp_path, facts):
    fake, screen = runner(tmp_path, [item()], [], facts=facts), Heard()
    take_later_rounds(fake, [item()], screen)
    assert (fake.asked, screen.said) == ([], [])


def test_seeds_are_rounds_of_their_model(tmp_path):
    fake = runner(tmp_path, [item()], [], rounds=1)
    take_later_rounds(fake, [item()], Heard())
    assert fake.asked == []
    assert Turn((item(),), 1).rounds == 1


def test_a_run_times_in_plain_processes_and_keeps_three_rounds(tmp_path, capsys):
    arguments = ["run", "--plugins", "mlp", "--epochs", "1", "--time-budget", "0.03", "--device", "cpu"]
    assert main([*arguments, "--output", str(tmp_path)]) == 0
    (folder,) = tmp_path.glob("[!_]*")
    (kept,) = RunStore.open(folder).records()
    assert [len(kept.measured(f"cpu_{step}_step_time").rounds) for step in ("infer", "train")] == [3, 3]
    assert kept.facts["allocator"] == "glibc default"
    assert "timing   2 more rounds of 1 trained model, by turns" in capsys.readouterr().err
    assert main(["resume", str(folder)]) == 0
    assert RunStore.open(folder).records() == [kept]


def test_without_isolation_the_rounds_are_taken_here(tmp_path):
    arguments = ["run", "--plugins", "mlp", "--epochs", "1", "--time-budget", "0.03", "--device", "cpu"]
    assert main([*arguments, "--no-isolation", "--seeds", "2", "--output", str(tmp_path)]) == 0
    (folder,) = tmp_path.glob("[!_]*")
    kept, other = RunStore.open(folder).records()
    for one in (kept, other):
        assert len(one.measured("cpu_infer_step_time").rounds) == 2
    rebuilt = job_of(kept, folder / "checkpoints" / "mlp@s1")
    assert trains(timing_worker._entry(rebuilt)) == [True] * 6
    head_only = replace(rebuilt.trial, train=replace(rebuilt.trial.train, finetune="head"))
    assert trains(timing_worker._entry(replace(rebuilt, trial=head_only))) == [False] * 4 + [True] * 2


def job_of(kept, checkpoint):
    words = dict.fromkeys(("weights_sha256", "device", "fingerprint", "data", "features", "work", "progress"), "")
    words |= {"owner": kept.plugin["name"], "owner_source": kept.plugin["source"], "checkpoint": str(checkpoint)}
    others = {
        "plugins": (),
        "plugin_files": kept.plugin["files"],
        "timed_on": ("cpu",),
        "num_threads": 1,
        "checkpoint_s": 1.0,
    }
    return Job(trial=Trial.from_json(kept.trial), **words, **others)


def trains(entry):
    """Of each parameter whether a training step changes it: what was frozen in training is frozen when it is timed."""
    return [parameter.requires_grad for parameter in entry.model.parameters()]


def untimed(tmp_path, items, results):
    """A run whose models a worker has trained."""
    fake = runner(tmp_path, items, results, facts={"timing_verdict": "none"})
    for kept in fake.store.records():
        fake.store.extend(replace(kept, measurements=(), timing_machine={}, machine={"cpu": "theirs"}))
    return fake


def test_what_workers_trained_gets_all_its_rounds_here_and_says_on_which_machine(tmp_path):
    fake, screen = untimed(tmp_path, [item()], [found()] * 3), Heard()
    take_later_rounds(fake, [item()], screen)
    assert fake.asked == [[("a", 1)]] * 3
    (kept,) = fake.store.records()
    assert (kept.machine, kept.timing_machine) == ({"cpu": "theirs"}, {"cpu": "ours"})
    assert kept.measurements[0].rounds == (3, 3, 3)
    assert kept.facts == FACTS


def test_what_workers_trained_and_cannot_be_timed_says_why(tmp_path):
    fake, screen = untimed(tmp_path, [item()], [RoundResult(cause="crashed with SIGSEGV")]), Heard()
    take_later_rounds(fake, [item()], screen)
    (kept,) = fake.store.records()
    assert (kept.facts["timing_verdict"], kept.facts["timing_error"]) == ("failed", "crashed with SIGSEGV")
    assert screen.said[-1] == "note: a seed 1: crashed with SIGSEGV"


def test_what_is_timed_on_another_host_is_left_to_it(tmp_path):
    fake, screen = untimed(tmp_path, [item()], []), Heard()
    other = replace(Holder.this(), host="node17", boot="other")
    fake.store.write("timing_host.json", json.dumps(other.as_json()).encode())
    take_later_rounds(fake, [item()], screen)
    assert (fake.asked, len(screen.said)) == ([], 1)
    assert "the host node17" in screen.said[0]
