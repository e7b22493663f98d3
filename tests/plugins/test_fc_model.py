"""fc_model: its options from the command line to a checkpoint, and files in the form of course notes."""

from __future__ import annotations

import pytest
import torch

import harness
import zoo
from harness.plan.config import Trial
from plugins.fc_model import Network, own_task
from zoo.building import build
from zoo.discovery import discover
from zoo.errors import ZooError
from zoo.weights import Weights

SMALL = "fc_model[hidden_layers=16-8]"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return harness.run(
        ["fc_model[hidden_layers=16-8]", "mlp-small"],
        set="mlp-small.hidden_layers=4",
        dataset="digits",
        epochs=1,
        device="cpu",
        time_budget=0.01,
        isolation=False,
        quiet=True,
        output=tmp_path_factory.mktemp("runs"),
    )


def test_options_are_part_of_the_record_the_table_and_the_checkpoint(run):
    names = {SMALL, "mlp-small[hidden_layers=4]"}
    assert {record.model for record in run.store.records()} == set(run.table["model"]) == names
    assert SMALL in (run.path / "table.csv").read_text()
    loaded = harness.load(run.checkpoints[SMALL, 1])
    assert [layer.out_features for layer in loaded.model.hidden_layers] == [16, 8]


def test_options_are_part_of_a_trials_identity_and_defaults_are_not(run):
    trials = [Trial.from_json(record.trial) for record in run.store.records()]
    (small,) = [trial for trial in trials if trial.model == SMALL]
    zoo_ = discover()
    (default,) = zoo_.select("fc_model[hidden_layers=512-256-128,drop_p=0.20]")
    assert default.name == "fc_model"
    assert zoo_.select(small.model)[0].spec.options == {"hidden_layers": (16, 8), "drop_p": 0.2}


def saved(folder, channels=1, size=8, hidden=(16, 8), **more):
    network = Network(channels * size**2, 10, list(hidden))
    content = {"input_size": channels * size**2, "output_size": 10, "hidden_layers": list(hidden)}
    torch.save(content | {"state_dict": network.state_dict()} | more, folder / "net.pth")
    return network.eval()


@pytest.fixture
def any_torch(monkeypatch):
    """torch 2.6 too: what is read here was written here."""
    monkeypatch.setattr("zoo.checkpoints.reading.SAFE_TORCH", (2, 0))


@pytest.mark.usefixtures("any_torch")
@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 8), (1, 28)])
def test_a_file_in_the_form_of_course_notes_is_loaded_whole(tmp_path, channels, size):
    network = saved(tmp_path, channels, size)
    with pytest.warns(UserWarning, match="does not say how its images were normalised.*classes are called 0 to 9"):
        loaded = harness.load(tmp_path / "net.pth")
    images = torch.rand(2, channels, size, size)
    assert torch.equal(loaded(images), network(images))
    pixels = torch.full((channels, size, size), 255, dtype=torch.uint8)
    assert loaded.transform(pixels).unique().tolist() == [1.0]


@pytest.mark.usefixtures("any_torch")
@pytest.mark.parametrize(
    "more", [{"class_to_idx": {f"c{9 - i}": i for i in range(10)}}, {"classes": list("abcdefghij")}]
)
def test_classes_are_those_that_the_file_names(tmp_path, more):
    saved(tmp_path, **more)
    with pytest.warns(UserWarning, match="is assumed$"):
        classes = harness.load(tmp_path / "net.pth").classes
    assert classes == tuple(more.get("classes", [f"c{9 - i}" for i in range(10)]))


@pytest.mark.usefixtures("any_torch")
def test_such_a_file_is_loaded_as_weights_and_tells_the_options_that_it_needs(tmp_path):
    network = saved(tmp_path)
    task, weights = zoo.Task(num_classes=10, image_size=8, channels=1), Weights(path=f"{tmp_path}/net.pth")
    zoo_ = discover()
    built = build(zoo_.select(SMALL)[0].spec, task, weights=weights)
    assert torch.equal(built.model.output.weight, network.output.weight)
    with pytest.raises(ZooError, match=r"these weights are of fc_model\[hidden_layers=16-8\]") as caught:
        build(zoo_.select("fc_model")[0].spec, task, weights=weights)
    assert caught.value.remedy == "use --plugins 'fc_model[hidden_layers=16-8]'"


@pytest.mark.usefixtures("any_torch")
def test_a_file_that_does_not_say_what_it_holds_is_no_model(tmp_path):
    torch.save(Network(64, 10, [8]).state_dict(), tmp_path / "net.pth")
    with pytest.raises(ZooError, match="does not say what model it is of"):
        harness.load(tmp_path / "net.pth")


@pytest.mark.parametrize(
    "settings",
    [{}, {"input_size": 65}, {"input_size": "64"}, {"input_size": 0}, {"hidden_layers": [0]}, {"hidden_layers": 3}],
)
def test_settings_that_are_not_of_such_a_network_are_left_alone(settings):
    whole = {"input_size": 64, "output_size": 10, "hidden_layers": [16, 8]}
    assert own_task(whole) is not None
    assert own_task({**whole, **settings} if settings else {}) is None
