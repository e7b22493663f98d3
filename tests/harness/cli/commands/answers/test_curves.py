"""`harness curves`: what is drawn in text, said in words, and written as a picture or as JSON."""

from __future__ import annotations

import json

import pytest

from harness.cli.main import main
from results.answers.curves import learning_curves
from results.tables.answers.curves import lines, verdict
from tests.results.answers.test_curves import FALLING, learnt
from tests.results.samples import in_folds, stored_run

# Random pixels under random labels: there is nothing to learn but by heart.
NOISE = """
import zoo

@zoo.hookimpl
def zoo_datasets():
    yield zoo.DatasetSpec(name="noise", open=opened, num_classes=3)

def opened(root):
    import torch
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (150, 1, 8, 8), generator=draw, dtype=torch.uint8)
    labels = torch.randint(0, 3, (150,), generator=draw).tolist()
    return zoo.LabelledImages(train=zoo.Split(images=images, labels=labels), classes=("a", "b", "c"))
"""
OVER = [1.0, 0.5, 0.4, 0.45, 0.5, 0.56]


def said(capsys, runs, *arguments):
    assert main(["curves", *arguments, "--output", str(runs)]) == 0
    return capsys.readouterr().out.splitlines()


def test_each_model_is_drawn_and_judged_in_words(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    stored_run(tmp_path, [learnt("net", OVER), learnt("net", OVER, seed=2)])
    screen = said(capsys, tmp_path)
    assert screen[-1] == (
        "net: 2 seeds, weights of epochs 3 and 3 of 6; validation error there 10.0 to 10.0 %; "
        "validation loss rose from epoch 4 on (by 40 %) while training loss fell: it over-fits"
    )
    drawn = screen[:-1]
    assert max(map(len, drawn)) <= 70
    assert sum("o" in line for line in drawn[1:]) == 1  # the kept epoch
    assert drawn[-1].split() == ["1", "2", "3", "4", "5", "6"]


def test_the_trainings_of_a_cross_validation_are_folds(tmp_path, capsys):
    stored_run(tmp_path, list(in_folds(*learnt("net", OVER))))
    assert said(capsys, tmp_path)[-1].startswith("net: 3 folds, weights of epochs 3, 3 and 3 of 6; ")


def test_where_signs_cannot_be_shown_the_words_remain(tmp_path):
    stored_run(tmp_path, [learnt("net", OVER)])
    found = learning_curves([], tmp_path)
    assert len(lines(found, 80, lambda line: line.isascii())) == 2
    assert "not drawn: " in lines(found, 20, lambda line: True)[-1]


def test_only_the_first_models_are_drawn_and_all_are_judged(tmp_path):
    stored_run(tmp_path, [learnt(f"m{n}", list(FALLING), wrong=range(n)) for n in range(6)])
    screen = lines(learning_curves([], tmp_path), 80, lambda line: True)
    assert [line for line in screen if ": loss by epoch" in line] == [line for line in screen if ": loss" in line][:4]
    assert sum("1 seed, weights of epoch 7 of 7" in line for line in screen) == 6
    assert screen[-1] == "drawn: the first 4 of 6 models; name those you want to see"


def test_the_json_has_every_epoch_and_null_where_a_loss_was_not_finite(tmp_path, capsys):
    record, arrays = learnt("net", [1.0, 0.5, float("inf")], status="diverged", cause="x")
    stored_run(tmp_path, [(record, arrays)])
    (model,) = json.loads("\n".join(said(capsys, tmp_path, "--json")))["models"]
    assert model["seeds"][0]["val_loss"] == [1.0, 0.5, None]
    assert (model["model"], model["over_fits"], model["verdict"]) == ("net", False, "the loss was not finite")


def test_a_picture_is_written_where_it_was_asked_for_and_a_wrong_name_is_refused_first(tmp_path, capsys):
    stored_run(tmp_path / "runs", [learnt("net", OVER)])
    said(capsys, tmp_path / "runs", "--plot", str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")
    assert main(["curves", "--plot", "a.gif", "--output", str(tmp_path / "nowhere")]) == 2
    assert "error: a.gif is no picture that can be drawn\n  let it end in .png or .svg" in capsys.readouterr().err


@pytest.mark.parametrize(("dataset", "over"), [("noise", True), ("digits", False)])
def test_a_run_that_learnt_by_heart_is_named_so_and_a_healthy_one_is_not(tmp_path, dataset, over):
    plugin = tmp_path / "noise.py"
    plugin.write_text(NOISE)
    asked = ["--plugins", "mlp", "--dataset", dataset, "--epochs", "12", "--patience", "12", "--time-budget", "0.01"]
    folder = ["--output", str(tmp_path / "runs"), "--device", "cpu", "--quiet"]
    assert main(["-p", str(plugin), "run", *asked, *folder]) == 0
    (learning,) = learning_curves([], tmp_path / "runs").models
    assert ("it over-fits" in verdict(learning)) == over
