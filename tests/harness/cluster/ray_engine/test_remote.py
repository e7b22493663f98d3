"""What comes back from a node is kept where a child would have left it, and nothing else is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.cluster.ray_engine.errand import Beginning, Checkpointed, Ended
from harness.cluster.ray_engine.remote import SHORT_OF_MEMORY, Cancelled, Remote
from harness.isolation.job import Job
from harness.isolation.supervisor import ExitReport
from harness.plan.config import TimingConfig, TrainConfig, Trial
from tests.harness.cluster.ray_engine.stand_in import StandIn
from zoo.errors import ZooError

OLD, NEW = (f"{step:09d}-{'a' * 64}.safetensors" for step in (1, 2))
NEWEST = f"{3:09d}-{'b' * 64}.safetensors"


@pytest.fixture
def ray(monkeypatch):
    return StandIn().install(monkeypatch)


def remote(messages, ray, errands=None):
    """The tasks of a run, each of which says these messages; an exception among them is raised."""

    def carried_out(errand):
        (errands if errands is not None else []).append(errand)
        for message in messages:
            if isinstance(message, type):
                raise message("no\nmore")
            yield ray.put(message)

    beginning = Beginning(run="run", token="", token_path="", host="", versions={}, description=None)
    return Remote(task=SimpleNamespace(remote=carried_out), beginning=beginning, data=None)


def job(tmp_path):
    trial = Trial(model="a", dataset="d", train=TrainConfig(), timing=TimingConfig(), device="cpu", seed=1)
    words = dict.fromkeys(("weights_sha256", "device", "fingerprint", "data", "features", "owner", "owner_source"), "")
    folders = {"work": str(tmp_path / "work"), "progress": str(tmp_path / "progress")}
    others = {"plugins": (), "plugin_files": {}, "timed_on": (), "num_threads": 1, "checkpoint_s": 1.0}
    return Job(trial=trial, **words, **folders, **others, environment={"SECRET": "1"})


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_files_that_were_asked_for_are_kept_and_no_others(tmp_path, ray):
    files = {"predictions.npz": b"p", "checkpoint/model.json": b"{}", "../../escaped": b"x", "other": b"x"}
    ended = Ended(report=ExitReport(exitcode=0), files=files, machine={"cpu": "theirs"})
    tasks = remote([ended], ray)
    assert tasks.run(job(tmp_path), print, None).exitcode == 0
    assert names(tmp_path) == ["model.json", "predictions.npz"]
    assert list(tasks.machines.values()) == [{"cpu": "theirs"}]


def test_checkpoints_are_kept_as_the_training_keeps_them_and_go_with_the_next_task(tmp_path, ray):
    bad = Checkpointed(name="../escaped.safetensors", content=b"x")
    checkpoints = [Checkpointed(name=name, content=name.encode()) for name in (OLD, NEW, NEWEST)]
    errands = []
    tasks = remote([*checkpoints, bad, ray.errors.NodeDiedError], ray, errands)
    assert tasks.run(job(tmp_path), lambda message: None, None).problem
    assert names(tmp_path) == [NEW, NEWEST]
    assert [sorted(errand.checkpoints) for errand in errands] == [[], [NEW, NEWEST], [NEW, NEWEST]]
    assert ray.get(errands[1].checkpoints[NEW]) == NEW.encode()


def test_no_variable_of_this_process_goes_to_a_node(tmp_path, ray):
    errands = []
    remote([Ended(report=ExitReport())], ray, errands).run(job(tmp_path), print, None)
    assert "SECRET" not in errands[0].job


def test_a_task_that_ends_without_a_word_is_lost(tmp_path, ray):
    notes = []
    assert "WorkerCrashedError" in remote([], ray).run(job(tmp_path), notes.append, None).problem
    assert notes == [{"note": "its task was lost (WorkerCrashedError), and is sent again"}] * 2


def test_a_node_short_of_memory_costs_the_trial_and_says_so(tmp_path, ray):
    report = remote([ray.errors.OutOfMemoryError], ray).run(job(tmp_path), print, None)
    assert report.problem == SHORT_OF_MEMORY


def test_a_node_without_the_harness_ends_the_run(tmp_path, ray):
    with pytest.raises(ZooError, match="could not begin a trial: no"):
        remote([ray.errors.RayTaskError], ray).run(job(tmp_path), print, None)


def test_tasks_that_are_stopped_are_cancelled_and_none_begins_any_more(tmp_path, ray):
    with pytest.raises(Cancelled):
        remote([ray.errors.TaskCancelledError], ray).run(job(tmp_path), print, None)
    tasks = remote([Ended(report=ExitReport())], ray)
    tasks.stop()
    with pytest.raises(Cancelled):
        tasks.run(job(tmp_path), print, None)
