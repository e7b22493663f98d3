"""What a thing is decides what is done with it: never its name, its path, or where it was found first."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import harness.training.feature_store
import zoo
from harness.cli.main import main
from harness.data.batches.batches import PixelBatches
from harness.isolation.worker import find_choice
from harness.plan.config import TimingConfig, Trial
from harness.plan.option_table import RUN, checked
from harness.plan.run_setup import RunSetup
from harness.runs.resume import same_setup
from harness.training.feature_store import FeatureStore
from harness.training.finetune import Splits, prepare
from results.ranking.comparability import NotComparable
from results.ranking.summary import summarise
from results.store.run_store import RunStore
from tests.harness.tiny import config, pixels
from tests.results.runs import Folder, trial
from zoo.building import build
from zoo.discovery import discover
from zoo.download import huggingface_file
from zoo.errors import ZooError
from zoo.specs import Task

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


def splits():
    def part(num_images):
        images, labels = pixels(num_images, size=8)
        return PixelBatches(images, labels, mean=(0.5,), std=(0.25,), channels_out=1, batch_size=8, seed=1)

    return Splits(train=part(20), val=part(12), test=part(16), key="images")


def features_of(store, *layers, buffers=0.0, scale=1.0):
    """Features of a frozen network whose tensors that are saved are always the same."""

    class Net(nn.Module):
        def __init__(self, num_classes):
            super().__init__()
            torch.manual_seed(0)
            self.first, self.layers, self.last = nn.Conv2d(1, 4, 3), nn.Sequential(*layers), nn.Linear(4, num_classes)
            self.register_buffer("shift", torch.tensor(buffers), persistent=False)

        def forward(self, images):
            return self.last(self.layers(self.first(images) * scale + self.shift).flatten(2).mean(2))

    spec = zoo.ModelSpec(name="mine/net", build=lambda task: Net(task.num_classes))
    built = build(spec, Task(num_classes=3, image_size=8, channels=1))
    return prepare(built, splits(), config(finetune="head", batch_size=8), store).train.inputs


POOLED = {"average": [nn.AvgPool2d(4)], "maximum": [nn.MaxPool2d(4)], "none": []}
UNSAVED = {"a buffer that is not saved": {"buffers": 0.5}, "a number that no tensor holds": {"scale": 2.0}}


@pytest.mark.fault(81)
@pytest.mark.parametrize("place", ["memory", "files"])
def test_81_models_with_equal_tensors_and_another_forward_pass_have_their_own_features(tmp_path, place):
    def store():
        return FeatureStore(tmp_path) if place == "files" else shared

    shared = FeatureStore()
    apart = {name: features_of(FeatureStore(), *layers) for name, layers in POOLED.items()}
    together = {name: features_of(store(), *layers) for name, layers in POOLED.items()}
    assert all(torch.equal(together[name], apart[name]) for name in POOLED)
    assert not torch.equal(apart["average"], apart["maximum"])


@pytest.mark.fault(82)
@pytest.mark.parametrize("how", UNSAVED)
def test_82_what_no_saved_tensor_holds_decides_features_too(how):
    shared = FeatureStore()
    plain = features_of(shared)
    assert torch.equal(features_of(shared, **UNSAVED[how]), features_of(FeatureStore(), **UNSAVED[how]))
    assert not torch.equal(features_of(shared, **UNSAVED[how]), plain)


@pytest.mark.fault(82)
def test_82_features_are_shared_where_all_is_the_same(tmp_path):
    features_of(FeatureStore(tmp_path))
    before = sorted(tmp_path.iterdir())
    features_of(FeatureStore(tmp_path))
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.fault(82)
@pytest.mark.parametrize("what", ["computation", "version"])
def test_82_features_of_other_code_or_of_an_earlier_version_are_not_found(tmp_path, monkeypatch, what):
    ours, theirs = (torch.zeros(2, 3), torch.zeros(2)), (torch.ones(2, 3), torch.ones(2))
    FeatureStore(tmp_path, "net.py 1a").get("key", lambda: theirs)
    if what == "version":
        monkeypatch.setattr(harness.training.feature_store, "VERSION", 10**6)
    found = FeatureStore(tmp_path, "net.py 2b" if what == "computation" else "net.py 1a").get("key", lambda: ours)
    assert torch.equal(found[0], ours[0])


def refer(repository, **refs):
    """Let branches of a repository in the Hugging Face cache mean these snapshots."""
    (repository / "refs").mkdir()
    for name, snapshot in refs.items():
        (repository / "refs" / name).write_text(snapshot)


def snapshots(tmp_path, monkeypatch, **files):
    """A repository in the cache: by snapshot a file that holds the snapshot's name."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for name, file in files.items():
        folder = tmp_path / "models--me--net" / "snapshots" / name
        folder.mkdir(parents=True)
        (folder / file).write_text(name)
    return tmp_path / "models--me--net"


@pytest.mark.fault(83)
@pytest.mark.parametrize(("main", "asked"), [("bbbb", "me/net"), ("aaaa", "me/net"), ("aaaa", "me/net@bbbb")])
def test_83_of_two_snapshots_the_one_that_is_meant_is_read(tmp_path, monkeypatch, main, asked):
    refer(snapshots(tmp_path, monkeypatch, aaaa="net.safetensors", bbbb="net.safetensors"), main=main)
    assert huggingface_file(asked, ("net.safetensors",)).read_text() == (asked.partition("@")[2] or main)


@pytest.mark.fault(83)
def test_83_a_snapshot_that_no_branch_means_is_not_taken_for_the_main_one(tmp_path, monkeypatch):
    refer(snapshots(tmp_path, monkeypatch, aaaa="net.safetensors"), other="aaaa")
    assert huggingface_file("me/net", ("net.safetensors",)) is None


@pytest.mark.fault(83)
def test_83_an_old_snapshot_does_not_stand_in_for_what_the_new_one_has_no_more(tmp_path, monkeypatch):
    refer(snapshots(tmp_path, monkeypatch, aaaa="net.safetensors", bbbb="net.bin"), main="bbbb")
    assert huggingface_file("me/net", ("net.safetensors", "net.bin")).read_text() == "bbbb"


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
    (run,) = (copy / "runs").iterdir()
    text = (run / "run.json").read_text().replace(str(project), str(copy))
    configuration = json.loads(text)
    for trial in configuration["trials"]:
        plain = {name: value for name, value in trial.items() if name != "key"}
        trial["key"] = Trial.from_json(plain).key
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
    return RunStore.open(next((project / "runs").iterdir()))


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
    first, second = (store.predictions(record)["probs"] for record in store.records() if record.seed == 1)
    assert abs(first - second).max() > 1e-3


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


def seeds(first, second):
    """Two seeds of one model, whose records differ so."""
    return Folder([trial("net", 1, **first), trial("net", 2, **second)])


@pytest.mark.fault(89)
@pytest.mark.parametrize(
    ("fact", "values", "named"),
    [
        ("param_count", (610, 4810), "parameters (610, 4810)"),
        ("pretrained_sha256", ("1a", "2b"), "pretrained weights (1a, 2b)"),
    ],
)
def test_89_seeds_of_what_are_two_models_are_not_averaged(fact, values, named):
    folder = seeds(*({"facts": {fact: value}} for value in values))
    with pytest.raises(NotComparable) as caught:
        summarise(folder.records(), folder.predictions)
    assert named in caught.value.cause


@pytest.mark.fault(90)
@pytest.mark.parametrize("models", [("a", "b"), ("a", "a")])
def test_90_answers_to_the_same_images_in_another_order_are_not_paired(models):
    (one, first), (other, second) = (trial(model, seed, wrong=range(9)) for seed, model in enumerate(models))
    first["labels"][:3] = 1
    backwards = {"labels": first["labels"][::-1], "probs": second["probs"][::-1]}
    folder = Folder([(one, first), (other, backwards)])
    with pytest.raises(NotComparable, match="was tested on other labels, or in another order"):
        summarise(folder.records(), folder.predictions)
