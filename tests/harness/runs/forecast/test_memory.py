"""Whether models fit: what is asked of children, what they may do to that, and what is said."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import torch

from harness.cli.main import main
from harness.isolation import memory_worker
from harness.plan.config import TimingConfig, TrainConfig, Trial
from harness.runs.forecast import memory
from harness.runs.forecast.memory import Forecast, free_bytes, warnings
from harness.trial.memory_estimate import MemoryEstimate
from zoo.errors import ZooError
from zoo.weights import Weights

GIB = 2**30
QUICK = ["--epochs", "1", "--time-budget", "0", "--device", "cpu"]
PLUGIN = """
import os, time
import zoo

@zoo.hookimpl
def zoo_models():
    for name, build in {"wide": wide, "hang": hang, "crash": crash, "after": wide}.items():
        yield zoo.ModelSpec(name=f"mine/{name}", build=build)

def wide(task):
    from torch import nn
    return nn.Sequential(nn.Conv2d(task.channels, 64, 3), nn.Sigmoid(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
                         nn.Linear(256, task.num_classes))

def hang(task):
    time.sleep(600)

def crash(task):
    os.kill(os.getpid(), 11)
"""


def forecast(room=8 * GIB, **estimates):
    return Forecast(estimates=estimates, room=room, place="cuda:0 has 8.0 GiB free")


def of(gib: float, **ways: int) -> MemoryEstimate:
    return MemoryEstimate(num_bytes=int(gib * GIB), images=256, **ways)


def test_a_model_that_may_not_fit_is_named_with_what_fits():
    lines = warnings(forecast(big=of(9.8, grad_accum=2, batch_size=128), small=of(7.9)), is_tried_again=True)
    assert lines == [
        "big may need about 9.8 GiB to train with 256 images at a time, and cuda:0 has 8.0 GiB free: "
        "--batch-size 128 fits, --grad-accum 2 keeps the batch",
        "out of memory, a trial is tried once more with half as many images at a time",
    ]


@pytest.mark.parametrize(
    ("estimate", "remedy"), [(of(9, grad_accum=4), ": --grad-accum 4 fits"), (of(99), ": no smaller batch fits")]
)
def test_only_what_helps_is_offered(estimate, remedy):
    assert warnings(forecast(big=estimate), is_tried_again=False)[0].endswith(remedy)


def test_where_all_fit_nothing_is_said():
    assert warnings(forecast(a=of(8)), is_tried_again=True) == []


def test_many_models_are_ten_lines_and_a_count():
    lines = warnings(forecast(**{f"m{n}": of(9) for n in range(14)}), is_tried_again=False)
    assert (len(lines), lines[10]) == (12, "and 4 more models may not fit either")


def test_models_that_were_not_looked_at_are_counted():
    assert warnings(Forecast(num_unasked=3), is_tried_again=True) == [
        "memory of 3 models was not estimated: it takes too long"
    ]


def test_the_limit_of_a_trial_is_what_it_has_where_the_machine_has_more(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 2 * GIB)
    assert free_bytes(torch.device("cpu"), None) == ("this machine has 2.0 GiB free", 2 * GIB)
    assert free_bytes(torch.device("cpu"), 512) == ("--memory-limit allows 512 MiB", GIB // 2)
    assert free_bytes(torch.device("cpu"), 4096)[1] == 2 * GIB


@pytest.mark.parametrize(
    "data", [{}, {"num_bytes": 1}, [1], dict.fromkeys(memory.FIELDS, -1), dict.fromkeys(memory.FIELDS, "1")]
)
def test_an_answer_that_is_none_is_refused(data):
    with pytest.raises(ValueError, match="estimate"):
        memory._read(data)


def run(tmp_path, *arguments):
    (tmp_path / "my_net.py").write_text(PLUGIN)
    output = ["--output", str(tmp_path / "runs")]
    return main(["-p", str(tmp_path / "my_net.py"), "run", *QUICK, *output, *arguments])


def test_what_is_not_known_is_said_and_why():
    assert warnings(Forecast(num_unknown=2), is_tried_again=True) == [
        "memory of 2 models is not known before training: compiled, or not to be run without numbers"
    ]
    estimates = {"net": MemoryEstimate(num_bytes=GIB, images=32)}
    assert warnings(Forecast(estimates=estimates, room=None), is_tried_again=True) == [
        "whether the models fit is not known: nobody says how much memory this device has free"
    ]


def test_a_run_warns_before_its_first_trial_and_goes_on(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 200 * 2**20)
    sizes = ["--batch-size", "512", "--img-size", "32", "--val-split", "0.05", "--test-split", "0.05"]
    assert run(tmp_path, "--plugins", "mine/wide", *sizes) == 0
    said = capsys.readouterr().err
    (line,) = [line for line in said.splitlines() if line.startswith("warning  mine/wide may need about ")]
    ways = r"this machine has 200 MiB free: --batch-size (256|128) fits, --grad-accum [24] keeps the batch$"
    assert re.search(ways, line)
    assert said.index("plan     ") < said.index(line) < said.index("epoch 1/1")


def test_a_model_that_hangs_or_crashes_when_built_costs_only_its_own_estimate(tmp_path, monkeypatch):
    asked, real = [], memory.foresee

    def only_foresee(*given):
        asked.append(real(*given))
        raise ZooError("no trial is wanted", "")

    monkeypatch.setattr("harness.runs.session.is_worth_asking", lambda *given: True)
    monkeypatch.setattr("harness.runs.session.foresee", only_foresee)
    monkeypatch.setattr(memory, "MODEL_SECONDS", 4.0)
    run(tmp_path, "--plugins", "mine/crash,mine/wide,mine/hang,mine/after")
    assert set(asked[0].estimates) == {"mine/wide", "mine/after"}
    assert (asked[0].num_unasked, asked[0].num_unknown) == (0, 2)


@pytest.mark.parametrize(
    ("room", "limit_mib"), [(2 * GIB, 2048), (GIB / 2, memory_worker.LEAST_MIB), (float("inf"), 5120)]
)
def test_a_builder_that_heeds_no_meta_device_gets_no_more_than_the_trial_and_half_of_what_is_free(
    monkeypatch, room, limit_mib
):
    limits = []
    monkeypatch.setattr(memory_worker, "can_limit_memory", lambda: True)
    monkeypatch.setattr(memory_worker, "limit_memory", limits.append)
    monkeypatch.setattr(memory_worker, "free_memory", lambda: 10 * GIB)
    memory_worker.perform([], room, 1.0, SimpleNamespace(send=lambda message: None))
    assert limits == [limit_mib]


def test_quiet_and_unisolated_runs_build_nothing_ahead(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.runs.session.is_worth_asking", lambda *given: True)
    monkeypatch.setattr("harness.runs.session.foresee", None)
    assert run(tmp_path, "--plugins", "mlp", "--quiet") == 0
    assert run(tmp_path, "--plugins", "mlp", "--no-isolation") == 0


@pytest.mark.parametrize(
    ("changes", "num_train", "free", "worth"),
    [
        ({}, 1000, 32 * 2**30, False),
        ({}, 10_000, 32 * 2**30, True),  # ten epochs of ten thousand images are worth a forecast of their time
        ({}, 1000, 6 * 2**30, True),
        ({"img_size": 224}, 1000, 23 * 2**30, True),
        ({"weights": Weights(tag="default")}, 1000, 23 * 2**30, True),
        ({"img_size": 224, "batch_size": 8}, 1000, 24 * 2**30, False),
        ({}, 1000, 0, False),  # nobody says what is free
    ],
)
def test_a_short_run_with_room_in_plenty_asks_nothing(monkeypatch, changes, num_train, free, worth):
    monkeypatch.setattr(memory, "free_memory", lambda: free)
    train = TrainConfig(epochs=10, **changes)
    trial = Trial(model="m", dataset="d", train=train, timing=TimingConfig(), device="cpu", seed=1)
    dataset = SimpleNamespace(counts={"train": num_train}, size=8, channels=3)
    context = SimpleNamespace(dataset=dataset, device=torch.device("cpu"))
    assert memory.is_worth_asking(context, [SimpleNamespace(trial=trial)], None) == worth
