"""A task on its node: what it asks for, what it does there, and what it leaves behind."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import replace

import pytest

from harness.cluster.ray_engine import machine, node, shipment
from harness.cluster.ray_engine.errand import Beginning, Checkpointed, DataMissing, Ended, Errand, Refused, Said
from harness.data.load import DatasetSource, load
from harness.isolation.dataset_files import hand_over
from harness.isolation.job import Job
from harness.machine.facts import machine_facts
from harness.plan.config import TimingConfig, TrainConfig, Trial
from harness.training.checkpoint import NAME
from tests.faults.runs import PLUGIN
from zoo.discovery import discover

WANTED = ("predictions.npz", "checkpoint/model.safetensors", "checkpoint/../../../escaped")


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handed")
    dataset = load(DatasetSource(spec=discover().dataset("digits")))
    hand_over(dataset, folder)
    return folder, dataset.fingerprint


@pytest.fixture
def errand(handed, tmp_path, monkeypatch):
    """A trial of one epoch, from a machine whose folders this one does not see."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder, fingerprint = handed
    zoo = discover([str(PLUGIN)])
    choice = zoo.select("good/tiny")[0]
    train = TrainConfig(epochs=1)
    trial = Trial(model="good/tiny", dataset="digits", train=train, timing=TimingConfig(), device="cpu", seed=1)
    there = dict.fromkeys(("data", "features", "work", "progress"), "/nowhere")
    job = Job(
        trial=trial,
        owner=choice.owner,
        owner_source=zoo.plugin(choice.owner).source,
        plugins=(str(PLUGIN),),
        plugin_files=zoo.content(choice.owner),
        weights_sha256="",
        device="cpu",
        timed_on=(),
        num_threads=1,
        fingerprint=fingerprint,
        checkpoint_s=0.0,
        **there,
    )
    beginning = Beginning(
        run="run",
        token="secret",
        token_path="/nowhere/token",
        host=machine.host(),
        versions=machine.versions(),
        description=shipment.describe(folder),
        pieces=shipment.ship(folder, lambda piece: piece),
        machine={"cpu": "of the one that began"},
    )
    return Errand(beginning=beginning, job=job.to_json(), wanted=WANTED)


def carried_out(errand):
    return list(node.carry_out(errand, lambda reference: reference, "node"))


def kept(folder):
    """What a node keeps of a run, once a trial has ended."""
    (own,) = folder.glob("harness-ray-*/run/node")
    return sorted(path.name for path in own.iterdir())


def test_a_node_without_the_data_asks_for_it_and_leaves_no_trial(errand, tmp_path):
    without = replace(errand, beginning=replace(errand.beginning, pieces=None))
    assert carried_out(without) == [DataMissing()]
    assert "trials" not in kept(tmp_path)


def test_a_trial_is_carried_out_where_nothing_of_its_run_is_seen(errand, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_asked", lambda device: json.dumps({"asked": device}))
    monkeypatch.setenv("RAY_SECRET", "1")
    *said, ended = carried_out(errand)
    assert isinstance(ended, Ended)
    assert ended.report.result["findings"]["status"] == "ok", ended.report
    assert ended.machine == {"asked": "cpu"}
    assert set(ended.files) == {"predictions.npz", "checkpoint/model.safetensors"}
    assert [one.message["phase"] for one in said if isinstance(one, Said) and "phase" in one.message][-1] == "deliver"
    assert any(NAME.fullmatch(one.name) for one in said if isinstance(one, Checkpointed))
    assert kept(tmp_path) == ["bringing", "data", "in-use", "machine-cpu-all.json", "trials"]
    assert not list(next(tmp_path.glob("harness-ray-*/run/node/trials")).iterdir())


def test_on_the_machine_that_began_the_run_it_works_in_the_runs_own_folders(errand, handed, tmp_path):
    (tmp_path / "token").write_text("secret")
    places = {"features": "features", "work": "work", "progress": "progress"}
    paths = {name: str(tmp_path / folder) for name, folder in places.items()} | {"data": str(handed[0])}
    job = replace(Job.from_json(errand.job), **paths)
    beginning = replace(errand.beginning, token_path=str(tmp_path / "token"), pieces=None)
    *said, ended = carried_out(replace(errand, job=job.to_json(), beginning=beginning))
    assert (ended.files, ended.machine) == ({}, {"cpu": "of the one that began"})
    assert (tmp_path / "work" / "predictions.npz").is_file()
    assert not any(isinstance(one, Checkpointed) for one in said)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"versions": {"torch": "1.0"}}, f"a node of the cluster has torch {machine.versions()['torch']}, not 1.0"),
        ({"paths": (str(PLUGIN), "/nowhere/net.py")}, "a node of the cluster has no /nowhere/net.py"),
    ],
)
def test_a_node_that_cannot_carry_out_any_trial_says_why(errand, change, cause):
    (refused,) = carried_out(replace(errand, beginning=replace(errand.beginning, **change)))
    assert isinstance(refused, Refused)
    assert refused.cause == cause


def test_a_node_whose_disk_refuses_says_so(errand, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shipment, "unload", full)
    (refused,) = carried_out(errand)
    assert "No space left on device" in refused.cause


def test_a_trial_has_its_nodes_environment_without_what_ray_put_there():
    variables = {"PATH": "/bin", "OMP_NUM_THREADS": "1", "RAY_AUTH_TOKEN": "x", "CUDA_VISIBLE_DEVICES": "3"}
    assert node._environment(variables, None) == {"PATH": "/bin", "CUDA_VISIBLE_DEVICES": "3"}
    assert node._environment({}, "/weights") == {"ZOO_WEIGHTS_DIR": "/weights"}


@pytest.mark.once
def test_the_facts_of_a_machine_are_those_that_a_process_of_its_own_finds(tmp_path, monkeypatch):
    known = machine.facts(tmp_path, "cpu")
    import torch

    assert known == json.loads(json.dumps(machine_facts(torch.device("cpu"))))
    monkeypatch.setattr(machine, "_asked", lambda device: os.abort())
    assert machine.facts(tmp_path, "cpu") == known
