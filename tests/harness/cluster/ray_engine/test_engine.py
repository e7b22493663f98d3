"""`harness run --engine ray` against a stand-in for Ray: the records of a serial run, whatever becomes of nodes.

Against Ray itself: test_with_ray.py.
"""

from __future__ import annotations

import itertools
import os
import signal

import pytest

from harness.cli.main import main
from harness.cluster.ray_engine import machine
from harness.runs import session
from tests.faults.runs import OPTIONS, PLUGIN, comparable, run
from tests.harness.cluster.ray_engine.stand_in import StandIn

MODELS = "good/tiny,good/small"
ENGINE = ("--engine", "ray", "--address", "auto")
TINY = ("run", "--plugins", "good/tiny", *OPTIONS, *ENGINE)


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    return run(tmp_path_factory.mktemp("serial"), MODELS)


@pytest.fixture
def elsewhere(monkeypatch):
    """Every node is another machine, that sees nothing of this one's run."""
    hosts = map(str, itertools.count())
    monkeypatch.setattr(machine, "host", lambda: next(hosts))


def trained(record):
    """What training and evaluation made of a trial: step times are taken anew, and notes say what was lost."""
    plain = comparable(record)
    facts = {name: value for name, value in plain["facts"].items() if name != "notes"}
    return plain | {"timing_machine": None, "facts": facts}


def alike(found, serial):
    """Whether records, predictions and weights are those of the serial run."""
    assert {name: trained(one) for name, one in found.records.items()} == {
        name: trained(one) for name, one in serial.records.items()
    }
    weights = [path.relative_to(serial.store.path) for path in serial.store.path.glob("checkpoints/*/*.safetensors")]
    assert len(weights) == len(serial.records)
    for path in weights:
        assert (found.store.path / path).read_bytes() == (serial.store.path / path).read_bytes()
    for record in serial.records.values():
        there, here = found.store.predictions(record), serial.store.predictions(record)
        assert there.keys() == here.keys()
        assert all(there[name].tobytes() == here[name].tobytes() for name in here)
    return True


@pytest.mark.once
def test_nodes_without_a_shared_folder_that_are_lost_give_the_records_of_the_serial_run(
    serial, elsewhere, monkeypatch, tmp_path, capsys
):
    losses = {"good/tiny": [("NodeDiedError", 0)], "good/small": [("WorkerCrashedError", 3)]}
    ray = StandIn(cpus=(0, 1, 1), gpus=1, losses=losses).install(monkeypatch)
    was_up = []
    take_rounds = session.take_later_rounds
    monkeypatch.setattr(session, "take_later_rounds", lambda *words: (was_up.append(ray.is_up), take_rounds(*words)))
    found = run(tmp_path / "runs", MODELS, *ENGINE, capsys=capsys)
    assert (found.code, alike(found, serial)) == (0, True)
    assert "engine   Ray 2.60.0 at 10.0.0.1:6379, 2 nodes · 2 trials at once, 1 CPU each" in found.err
    assert "note: the cluster's 3 GPUs stay idle: this run is for the CPU" in found.err
    assert all(one.facts["timing_verdict"] in ("steady", "noisy") for one in found.records.values())
    assert [one.facts["notes"] for one in found.records.values()] == ["its task was lost 1 time and sent again"] * 2
    assert found.err.count("its task was lost") == 2
    assert {errand.beginning.paths for errand in ray.errands} == {(str(PLUGIN),)}
    assert {name: ray.options[0][name] for name in ("num_cpus", "num_gpus", "max_retries")} == {
        "num_cpus": 1, "num_gpus": 0, "max_retries": 0,
    }  # fmt: skip
    assert ray.errands[-1].beginning.pieces  # no node saw the dataset, nor may it believe that it did
    assert all(one.timing_machine == one.machine for one in found.records.values())
    assert (was_up, ray.is_up) == ([False], False)
    assert not [name for name in os.listdir(found.store.path) if name in ("work", "progress", "lock")]


@pytest.fixture
def hears_ctrl_c():
    """A job that a shell started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_ends_the_tasks_and_says_how_to_go_on(monkeypatch, tmp_path, capsys):
    ray = StandIn(on_task=lambda: os.kill(os.getpid(), signal.SIGINT)).install(monkeypatch)
    assert main(["-p", str(PLUGIN), *TINY, "--output", str(tmp_path)]) == 130
    assert "go on with: python -m harness resume" in capsys.readouterr().err
    assert len(ray.cancelled) == 1
    assert not ray.is_up


def test_a_node_with_other_versions_ends_the_run_with_one_line(monkeypatch, tmp_path, capsys):
    StandIn().install(monkeypatch)
    versions = machine.versions()
    answers = iter([versions, {**versions, "timm": "0.1"}])
    monkeypatch.setattr(machine, "versions", lambda: next(answers))
    code = main(["-p", str(PLUGIN), *TINY, "--output", str(tmp_path)])
    said = capsys.readouterr().err
    assert (code, "Traceback" in said) == (3, False)
    assert f"error: a node of the cluster has timm 0.1, not {versions['timm']}" in said


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (["--address", "auto"], "--address names a Ray cluster, and --engine ray is missing"),
        (["--engine", "ray", "--no-isolation"], "--engine ray and --no-isolation exclude each other"),
    ],
)
def test_options_that_cannot_both_be_meant_are_refused(tmp_path, capsys, options, cause):
    assert main(["run", "--plugins", "mlp", *options, "--output", str(tmp_path)]) == 2
    assert cause in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
