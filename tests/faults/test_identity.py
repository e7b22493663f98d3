"""What a thing is decides what is done with it: never its name, its tensors alone, or what was found first."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import harness.training.feature_store
import zoo
from harness.data.batches.batches import PixelBatches
from harness.plan.config import Numerics
from harness.training.feature_store import FeatureStore
from harness.training.features import Extractor
from harness.training.finetune import Splits, prepare
from harness.training.numerics import resolve_numerics
from results.ranking.comparability import NotComparable
from results.ranking.summary import summarise
from tests.harness.tiny import CPU, config, pixels
from tests.results.runs import Folder, trial
from zoo.building import build
from zoo.discovery import discover
from zoo.libraries.download import huggingface_file
from zoo.specs import Task


def splits(size=8, channels=1):
    def part(num_images):
        images, labels = pixels(num_images, size=size)
        return PixelBatches(images, labels, mean=(0.5,), std=(0.25,), channels_out=channels, batch_size=8, seed=1)

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


class Keys(FeatureStore):
    """Remembers what is asked for and computes nothing."""

    def get(self, key, compute):
        self.kept[key] = (torch.zeros(1), torch.zeros(1))
        return self.kept[key]


@pytest.mark.fault(81)
def test_81_timms_networks_that_differ_in_their_padding_alone_have_features_of_their_own():
    store = Keys()
    for name in ("timm/efficientnet_lite0", "timm/tf_efficientnet_lite0"):
        torch.manual_seed(0)
        built = build(discover(environment={}).select(name)[0].spec, Task(num_classes=3, image_size=32, channels=3))
        extractor = Extractor(built=built, numerics=resolve_numerics(Numerics(), CPU), store=store, pixels="images")
        extractor.split("val", splits(size=32, channels=3).val)
    first, second = store.kept
    assert first.partition("-")[0] == second.partition("-")[0], "their tensors are equal"
    assert first != second
