"""Faults of data that a trial meets (39-46): its record says so, and the good model's is unharmed.

Of 46 not everything applies: images are decoded by threads, so there is no worker process to be killed and no shared
memory to run full. A decoder that raises names its file; one that hangs is ended with its trial.
"""

from __future__ import annotations

import csv

import pytest

from tests.faults.data_plugin import __file__ as PLUGIN
from tests.faults.folders import pets, refused, run
from tests.harness.pictures import folder, noise


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def spoilt(tmp_path, monkeypatch):
    """A folder, and a file of it that a model's builder will harm."""
    root = pets(tmp_path)
    noise(70, 40, 40).save(root / "train/cat/other.bmp")
    monkeypatch.setenv("FAULT_FILE", str(root / "train/cat/0.png"))
    return root


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    ("name", "told"),
    [("bad/removes", "No such file or directory"), ("bad/changes", "changed since the dataset was opened")],
)
def test_39_a_file_that_vanishes_or_changes_is_named_by_the_trial_that_misses_it(
    tmp_path, capsys, monkeypatch, name, told
):
    found = run(spoilt(tmp_path, monkeypatch), f"good/tiny,{name}", capsys=capsys)
    good = found.records["good/tiny"]
    assert (found.code, good.status, len(good.data["fingerprint"])) == (1, "ok", 64)
    assert found.failure(name) == f"failed at data: 1 image cannot be read: cat/0.png ({told})"


@pytest.mark.fault(39)
def test_39_where_no_trial_has_its_pixels_yet_the_run_ends(tmp_path, capsys, monkeypatch):
    root = spoilt(tmp_path, monkeypatch)
    options = ["--data-dir", root, "--output", tmp_path / "runs", "--device", "cpu"]
    cause, _ = refused(capsys, "-p", PLUGIN, "run", "--plugins", "bad/removes,good/tiny", *options)
    assert cause == "1 image cannot be read: train/cat/0.png (No such file or directory)"


@pytest.mark.fault(40)
def test_40_with_two_classes_the_best_five_mean_nothing(tmp_path, capsys):
    found = run(pets(tmp_path), "good/tiny", capsys=capsys)
    record = found.records["good/tiny"]
    (row,) = csv.DictReader((found.store.path / "table.csv").open())
    assert (found.code, record.status, record.measured("top5_err")) == (0, "ok", None)
    assert (row["top5"], row["top5_err"]) == ("", "")


@pytest.mark.fault(41)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("label-too-high", "the train part has labels 0..2, but 2 classes allow 0..1"),
        ("label-negative", "the train part has labels -1..1, but 2 classes allow 0..1"),
        ("label-missing", "the train part has 12 images but 10 labels"),
    ],
)
def test_41_labels_out_of_range_are_refused_before_training(tmp_path, capsys, name, told):
    given = ["-p", PLUGIN, "run", "--plugins", "good/tiny", "--dataset", name, "--output", tmp_path / "runs"]
    cause, _ = refused(capsys, *given)
    assert cause == told
    assert not (tmp_path / "runs").exists()


@pytest.mark.once
@pytest.mark.fault(42)
def test_42_a_training_set_smaller_than_a_batch_makes_one_smaller_batch(tmp_path, capsys):
    found = run(pets(tmp_path), "good/tiny", "--batch-size", "512", capsys=capsys)
    record = found.records["good/tiny"]
    assert (found.code, record.data["num_train"]) == (0, 10)
    assert record.history[0]["train_loss"] > 0


@pytest.mark.fault(43)
def test_43_a_last_batch_of_one_image_joins_the_batch_before_it(tmp_path, capsys):
    root = folder(tmp_path / "pets", ["train/cat", "train/dog", "val/cat", "val/dog", "test/cat", "test/dog"], num=4)
    noise(71).save(root / "train/cat/ninth.png")
    found = run(root, "good/normalised", "--batch-size", "4", capsys=capsys)
    assert (found.code, found.records["good/normalised"].data["num_train"]) == (0, 9)


@pytest.mark.fault(44)
def test_44_images_smaller_than_a_models_minimum_name_the_minimum(tmp_path, capsys):
    found = run(pets(tmp_path), "good/tiny,bad/needs-16", "--img-size", "9", capsys=capsys)
    told = "image size 9 px is smaller than the model's minimum of 16 px: try --img-size 16"
    assert (found.code, found.records["good/tiny"].status) == (1, "ok")
    assert told in found.failure("bad/needs-16")


@pytest.mark.fault(45)
def test_45_a_class_without_test_images_has_no_accuracy_and_counts_none(tmp_path, capsys):
    root = pets(tmp_path)
    for n in range(20):
        noise(200 + n).save(root / f"train/cat/more{n}.png")
    for path in root.glob("test/dog/*"):
        path.unlink()
    found = run(root, "good/tiny", capsys=capsys)
    cat, dog = found.records["good/tiny"].per_class
    assert (found.code, cat["n"], dog["n"], dog["accuracy"]) == (0, 6, 0, None)


@pytest.mark.fault(46)
def test_46_a_decoder_that_raises_names_its_files(tmp_path, capsys):
    found = run(pets(tmp_path), "good/tiny,bad/decoder", capsys=capsys)
    files = ", ".join(f"cat/{n}.png (the decoder is broken)" for n in range(3))
    assert (found.code, found.records["good/tiny"].status) == (1, "ok")
    assert found.failure("bad/decoder") == f"failed at data: 12 images cannot be read: {files} and 9 more"


@pytest.mark.once
@pytest.mark.fault(46)
def test_46_a_decoder_that_hangs_is_ended_with_its_trial(tmp_path, capsys):
    found = run(pets(tmp_path), "good/tiny,bad/slow-decoder", "--trial-timeout", "8", capsys=capsys)
    assert (found.code, found.records["good/tiny"].status) == (1, "ok")
    assert found.failure("bad/slow-decoder") == "timeout at data: no end after 8 s (--trial-timeout)"
