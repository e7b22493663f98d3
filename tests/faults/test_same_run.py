"""A run that is gone on with is the same run: its plugins, its weights, its options, from whatever folder."""

from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import harness
from harness.cli.main import main
from harness.isolation.worker import find_choice
from harness.plan.config import TimingConfig, Trial
from harness.plan.option_table import RUN, checked
from harness.plan.run_setup import RunSetup
from harness.runs.resume import same_setup
from results.store.run_store import RunStore
from tests.harness.tiny import config
from zoo.discovery import discover
from zoo.errors import ZooError

NET = """
import zoo

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/{name}", build=build)

def build(task):
    from torch import nn
    return nn.Sequential(
        nn.Conv2d(task.channels, 8, 3), nn.ReLU(), nn.Adaptive{pool}Pool2d(1), nn.Flatten(),
        nn.Linear(8, task.num_classes),
    )
"""
OPTIONS = ("--epochs", "1", "--time-budget", "0", "--num-threads", "1", "--device", "cpu", "--seeds", "2")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with two plugins of one file name and one set of weights, and a run of both from within it.

    All paths were given as they are within the folder, one of the plugins by the environment.
    """
    folder = tmp_path_factory.mktemp("project")
    for name, pool in (("a", "Avg"), ("b", "Max")):
        (folder / name).mkdir()
        (folder / name / "model.py").write_text(NET.format(name=name, pool=pool))
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
    save_file(net.state_dict(), folder / "net.safetensors")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ZOO_PLUGINS", "a/model.py")
        command = ["-p", "b/model.py", "run", "--plugins", "mine/a,mine/b", "--weights", "net.safetensors", *OPTIONS]
        assert main([*command, "--output", "runs"]) == 0
    return folder


@pytest.fixture
def stopped(project, tmp_path, monkeypatch):
    """A copy of the project whose run was killed before its last trial, to be resumed from another folder."""
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    (run,) = (copy / "runs").glob("[!_]*")
    text = (run / "run.json").read_text().replace(str(project), str(copy))
    configuration = json.loads(text)
    for row in configuration["trials"]:
        plain = {name: value for name, value in row.items() if name != "key"}
        row["key"] = Trial.from_json(plain).key
    (run / "run.json").write_text(json.dumps(configuration))
    keep_only(run, "mine/b", 1)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return copy


def keep_only(run: Path, model: str, seed: int) -> None:
    """Leave one record, under the key that its trial has now."""
    store = RunStore.open(run)
    keys = {(row["model"], row["seed"]): row for row in store.configuration["trials"]}
    kept = [record for record in store.records() if (record.model, record.seed) == (model, seed)]
    for path in (run / "records").iterdir():
        path.unlink()
    for record in kept:
        row = keys[model, seed]
        store.save(replace(record, key=row["key"], trial={k: v for k, v in row.items() if k != "key"}))


def run_of(project: Path) -> RunStore:
    return RunStore.open(next((project / "runs").glob("[!_]*")))


@pytest.mark.once
@pytest.mark.fault(84)
def test_84_two_plugins_of_one_file_name_by_relative_paths_each_train_their_own_model(project):
    store = run_of(project)
    records = {(record.model, record.seed): record for record in store.records()}
    assert {record.status for record in records.values()} == {"ok"}
    assert [records[f"mine/{name}", 1].plugin["source"] for name in "ab"] == [
        f"file: {project}/{name}/model.py" for name in "ab"
    ]


@pytest.mark.fault(81)
def test_81_two_plugins_with_one_set_of_weights_share_no_features_in_a_run(project):
    store = run_of(project)
    first, second = (store.predictions(record)["log_probs"] for record in store.records() if record.seed == 1)
    assert abs(first - second).max() > 1e-3


@pytest.mark.once
@pytest.mark.fault(84)
def test_84_every_path_is_kept_absolute_so_that_a_run_is_resumed_from_another_folder(stopped, capsys):
    assert main(["resume", str(run_of(stopped).path)]) == 0, capsys.readouterr().err
    assert {record.status for record in run_of(stopped).records()} == {"ok"}
    assert len(run_of(stopped).records()) == 4


@pytest.mark.fault(85)
@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("b/model.py", lambda old: old.replace(b"nn.Conv2d", b" nn.Conv2d"), "has mine/b, is not what it was"),
        ("a/model.py", lambda old: old + b"\n", "has mine/a, is not what it was"),
        ("net.safetensors", lambda old: old[:-4] + b"\0\0\0\0", "the weights are not those of the run"),
    ],
)
def test_85_resume_refuses_what_was_changed_since_and_names_it(stopped, capsys, file, change, said):
    (stopped / file).write_bytes(change((stopped / file).read_bytes()))
    assert main(["resume", str(run_of(stopped).path)]) == 3
    error = capsys.readouterr().err
    assert said in error
    assert Path(file).name in error
    assert "start a new run" in error
    assert len(run_of(stopped).records()) == 1


@pytest.mark.once
@pytest.mark.fault(85)
def test_85_a_run_that_does_not_say_what_it_was_made_of_is_resumed_with_a_note(stopped, capsys):
    store = run_of(stopped)
    older = {name: value for name, value in store.configuration.items() if name != "content"}
    store.write("run.json", json.dumps(older).encode())
    (record,) = store.records()
    (store.path / "records" / "mine--b@s1.json").unlink()
    store.save(replace(record, plugin={"name": "model"}))
    (stopped / "a" / "model.py").write_text(NET.format(name="a", pool="Max"))
    assert main(["resume", str(store.path)]) == 0
    assert "whether plugins and weights are what they were, nobody can tell" in capsys.readouterr().err


@pytest.mark.fault(86)
def test_86_a_plugin_that_is_changed_while_its_run_goes_on_is_refused_by_the_next_trial(stopped):
    file = stopped / "a" / "model.py"
    job = SimpleNamespace(
        trial=Trial(model="mine/a", dataset="digits", train=config(), timing=TimingConfig(), device="cpu", seed=1),
        owner="model",
        owner_source=f"file: {file}",
        plugins=(str(stopped / "b" / "model.py"), str(file)),
        plugin_files=discover([str(file)], environment={}).content("model"),
    )
    assert find_choice(job).name == "mine/a"
    file.write_text(NET.format(name="a", pool="Max"))
    with pytest.raises(ZooError, match=r"the plugin model has changed since the run began: model\.py"):
        find_choice(job)


@pytest.mark.fault(86)
def test_86_a_trained_model_whose_plugin_has_changed_is_loaded_with_a_warning(stopped):
    folder, file = run_of(stopped).path / "checkpoints" / "mine--a@s1", stopped / "a" / "model.py"
    with warnings.catch_warnings(action="error"):
        harness.load(folder, plugins=[str(file)])
    file.write_text(NET.format(name="a", pool="Max"))
    with pytest.warns(UserWarning, match=r"the plugin of mine/a is not what it was when .* was trained: model\.py"):
        harness.load(folder, plugins=[str(file)])


def setup(**options):
    return RunSetup.of(checked(options, RUN, "harness.run"))


@pytest.mark.fault(87)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"data_dir": "new"}, "--data-dir"),
        ({"dataset": "digits", "data_dir": "old"}, "--dataset"),
        ({"data_dir": "old", "skip_bad": True}, "--skip-bad False -> True"),
        ({"data_dir": "old", "trial_timeout": 5}, "--trial-timeout 14400.0 -> 5.0"),
        ({"data_dir": "old", "isolation": False}, "--no-isolation True -> False"),
    ],
)
def test_87_an_option_beside_resume_that_would_not_be_heeded_is_an_error(options, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZooError, match="the run was begun with other options") as caught:
        same_setup(setup(data_dir="old"), setup(**options))
    assert said in caught.value.cause


@pytest.mark.fault(87)
def test_87_options_that_mean_the_same_go_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    same_setup(setup(data_dir="old", device="cpu"), setup(data_dir=tmp_path / "old", device="cpu", plugins=["x.y"]))
    same_setup(setup(), setup(dataset="digits"))


@pytest.mark.fault(88)
def test_88_a_plugin_that_changes_the_folder_as_it_is_imported_moves_no_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moving.py").write_text(f"import os\nos.chdir('/')\n{NET.format(name='moved', pool='Avg')}")
    (tmp_path / "staying.py").write_text(NET.format(name="stays", pool="Avg"))
    found = discover(["moving.py", "staying.py"], environment={})
    assert {"mine/moved", "mine/stays"} <= set(found.models)
    assert Path.cwd() == tmp_path
    assert setup(data_dir="pictures").data_dir == str(tmp_path / "pictures")
