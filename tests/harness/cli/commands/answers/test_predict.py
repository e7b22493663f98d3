"""`harness predict`: its lines, its files, and what it refuses; with one small run that every test asks."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

import harness
from harness.cli.main import main
from tests.harness.cli.shared.test_stored_run import example
from tests.harness.pictures import folder, noise

PLUGIN = """
import zoo

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/tiny", build=build)

def build(task):
    from torch import nn
    return nn.Sequential(nn.Flatten(), nn.Linear(task.channels * task.image_size**2, task.num_classes))
"""
OPTIONS = {"epochs": 1, "seeds": 2, "time_budget": 0.0, "device": "cpu", "isolation": False, "quiet": True}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a run of two models in results/runs, its test images, and the plugin of one model."""
    root = tmp_path_factory.mktemp("place")
    plugin = root / "my_net.py"
    plugin.write_text(PLUGIN)
    data = folder(root / "leaves", ("train/elm", "train/oak", "test/elm", "test/oak"), num=6)
    run = harness.run("mlp,mine/tiny", data_dir=data, output=root / "results/runs", plugins=[plugin], **OPTIONS)
    assert run.ok
    noise(7).save(root / "photo.jpg")
    return root


@pytest.fixture(autouse=True)
def here(place, monkeypatch):
    monkeypatch.chdir(place)


def asked(capsys, *arguments, code=0, plugins=()):
    assert main([*plugins, "predict", *arguments]) == code
    return capsys.readouterr()


def run_of(place):
    return next((place / "results/runs").glob("[!_]*"))


@pytest.mark.once
def test_help_ends_with_an_example_that_runs(capsys):
    said = asked(capsys, *example(capsys, "predict")[1:])
    assert said.out.splitlines()[0].startswith("mlp, seed 1 of 1 and 2, run ")
    assert said.out.splitlines()[2].startswith("photo.jpg  ")
    assert said.err == ""


def test_the_test_images_of_a_run_are_taken_for_what_the_run_took_them_for(place, capsys):
    found = json.loads(asked(capsys, "leaves/test", "--checkpoint", "mlp@s2", "--json").out)
    kept = np.load(run_of(place) / "predictions" / "mlp@s2.npz")
    ours = [{one["name"]: one["log_prob"] for one in image["classes"]} for image in found["predictions"]]
    assert np.array_equal(np.float32([[own["elm"], own["oak"]] for own in ours]), kept["log_probs"])
    assert [image["path"] for image in found["predictions"]][:2] == ["leaves/test/elm/0.png", "leaves/test/elm/1.png"]


def test_a_list_on_stdin_is_answered_in_its_order(capsys, monkeypatch):
    listed = io.BytesIO(b"leaves/test/oak/3.png\nphoto.jpg\nleaves/test/elm/0.png\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(listed))
    rows = list(csv.DictReader(io.StringIO(asked(capsys, "-", "--checkpoint", "mlp", "--csv", "--top", "1").out)))
    assert [row["path"] for row in rows] == ["leaves/test/oak/3.png", "photo.jpg", "leaves/test/elm/0.png"]
    assert {row["class"] for row in rows} <= {"elm", "oak"}


def test_what_is_no_image_is_one_line_and_the_others_go_on(tmp_path, capsys):
    (tmp_path / "text.png").write_text("no image")
    said = asked(capsys, str(tmp_path / "text.png"), "photo.jpg", "--checkpoint", "mlp", code=3)
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == ["image", "photo.jpg"]
    assert said.err.splitlines() == [
        f"no prediction: {tmp_path / 'text.png'} (not an image)",
        "error: 1 of 2 images could not be predicted",
        "  they are named above: fix them, or leave them out",
    ]


def test_a_picture_shows_the_images_upright(tmp_path, capsys):
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (300, 20), "red").save(tmp_path / "turned.jpg", exif=turned)
    said = asked(capsys, str(tmp_path / "turned.jpg"), "--checkpoint", "mlp", "--plot", str(tmp_path / "out.png"))
    assert said.err == f"wrote {tmp_path / 'out.png'}\n"
    with Image.open(tmp_path / "out.png") as drawn:
        pixels = np.asarray(drawn.convert("RGB")).astype(int)
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60)
    assert red.any(axis=1).sum() > 10 * red.any(axis=0).sum()


def test_of_many_images_the_first_are_drawn_and_it_is_said(tmp_path, capsys):
    many = folder(tmp_path / "many", ("a",), num=17)
    said = asked(capsys, str(many), "--checkpoint", "mlp", "--plot", str(tmp_path / "out.svg"))
    assert said.err == f"wrote {tmp_path / 'out.svg'}, the first 16 images\n"
    assert len(said.out.splitlines()) == 2 + 17
    text = (tmp_path / "out.svg").read_text()
    assert text.count("<image ") == 16


def test_a_plugins_checkpoint_needs_its_plugin(place, capsys):
    said = asked(capsys, "photo.jpg", "--checkpoint", "mine/tiny", code=3)
    source = place / "my_net.py"
    assert said.err.splitlines() == [
        f"error: mine/tiny comes from the plugin {source}, and a checkpoint is not allowed to load code",
        f"  if you trust that plugin: harness -p {source} predict …",
    ]
    said = asked(capsys, "photo.jpg", "--checkpoint", "mine/tiny@s1", plugins=("-p", "my_net.py"))
    assert (said.out.splitlines()[0].partition(",")[0], said.err) == ("mine/tiny", "")


def test_a_plugin_that_has_changed_is_said(place, tmp_path, capsys):
    copy = tmp_path / "my_net.py"
    copy.write_text(PLUGIN + "\n# changed\n")
    said = asked(capsys, "photo.jpg", "--checkpoint", "mine/tiny", plugins=("-p", str(copy)))
    assert said.err.startswith("warning: the plugin of mine/tiny is not what it was when ")
    assert len(said.err.splitlines()) == 1


def damaged(place, tmp_path, change):
    """A copy of a checkpoint outside of any run, which `change` harms; as the argument of --checkpoint."""
    copied = shutil.copytree(run_of(place) / "checkpoints" / "mlp@s1", tmp_path / "copied")
    change(copied)
    return str(copied)


def said_by(**changes):
    def change(folder):
        card = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps(card | changes))

    return change


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda folder: os.truncate(folder / "model.safetensors", 100), "model.safetensors is damaged"),
        (lambda folder: (folder / "model.json").write_text('{"model": '), "is no checkpoint: Expecting value"),
        (said_by(crop_mode="letterbox"), "was written by another version: its images have the crop_mode 'letterbox'"),
        (said_by(img_size="wide"), "is no checkpoint: model.json has the img_size 'wide'"),
        (said_by(mean=[0.5, 0.5]), "is no checkpoint: model.json has the mean [0.5, 0.5]"),
        (said_by(classes=["elm"]), "is no checkpoint: model.json has 1 name of 2 classes"),
    ],
)
def test_a_checkpoint_that_cannot_be_used_says_why(place, tmp_path, capsys, change, cause):
    said = asked(capsys, "photo.jpg", "--checkpoint", damaged(place, tmp_path, change), code=3)
    first, second = said.err.splitlines()
    assert cause in first
    assert second.startswith("  ")
    assert said.out == ""


def test_a_copied_checkpoint_needs_no_run(place, tmp_path, capsys):
    copied = damaged(place, tmp_path, lambda folder: None)
    said = asked(capsys, "photo.jpg", "--checkpoint", copied, "--output", str(tmp_path / "none"))
    assert said.out.splitlines()[0] == f"{copied}, on CPU"


@pytest.mark.parametrize(
    ("arguments", "code", "cause", "remedy"),
    [
        (["gone.jpg"], 3, "gone.jpg does not exist", "name image files or folders"),
        (["photo.jpg", "--checkpoint", "mpl"], 2, "run ", "its models: mine/tiny, mlp"),
        (["photo.jpg", "--top", "0"], 2, "argument --top: 0 is out of range", "see: harness predict --help"),
        (["photo.jpg", "--plot", "a.gif"], 2, "a.gif is no picture that can be drawn", "let it end in "),
        (["photo.jpg", "--device", "tpu"], 2, "--device tpu: no such kind of device", "use auto, cpu"),
        (["photo.jpg", "--plot", "no/where.png"], 4, "no/where.png cannot be written", "choose another place"),
    ],
)
def test_wrong_input_is_one_line_of_cause_and_one_of_remedy(capsys, arguments, code, cause, remedy):
    given = arguments if "--checkpoint" in arguments else [*arguments, "--checkpoint", "mlp"]
    first, second = asked(capsys, *given, code=code).err.splitlines()
    assert first.startswith(f"error: {cause}")
    assert second.startswith(f"  {remedy}")


def test_pillow_says_nothing_of_an_image_that_has_its_answer(tmp_path, capsys, recwarn):
    turned = Image.Exif()
    turned[0x0112] = 6
    noise(3).save(tmp_path / "a.jpg", exif=turned)
    content = (tmp_path / "a.jpg").read_bytes()
    at = content.index(b"Exif\0\0") + 6
    (tmp_path / "a.jpg").write_bytes(content[: at + 8] + b"\xff" * 8 + content[at + 16 :])
    said = asked(capsys, str(tmp_path / "a.jpg"), "--checkpoint", "mlp")
    assert (len(said.out.splitlines()), said.err) == (3, "")
    assert not [str(one.message) for one in recwarn.list if "PIL" in one.filename]
