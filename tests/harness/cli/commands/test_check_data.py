"""`harness check-data`: what it prints, and that it needs no torch."""

from __future__ import annotations

import io
import json

import pytest

from harness.cli.main import main
from harness.runs.console.live import LiveScreen
from tests.harness.pictures import folder, noise
from tests.test_startup import modules_loaded_by


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def pets(tmp_path):
    root = folder(tmp_path / "pets", ["train/cat", "train/dog", "test/cat", "test/dog"], num=4)
    noise(7, 30, 40, mode="L").save(root / "train/cat/grey.jpg")
    noise(8, 8, 9).save(root / "test/dog/small.gif")
    return root


def test_a_good_folder_is_described(tmp_path, capsys):
    root = pets(tmp_path)
    (root / "train/cat/x.xyz").touch()
    (root / "test/cat/again.png").write_bytes((root / "test/cat/0.png").read_bytes())
    assert main(["check-data", str(root)]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    assert output.out.splitlines() == [
        f"{root}: 2 classes, 19 images",
        "  train    9 images: cat 5, dog 4",
        "  test     10 images: cat 5, dog 5",
        "  formats  PNG 17, JPEG 1, GIF 1",
        "  pixels   smallest 8x9, median 20x16, largest 30x40",
        "  colour   18 colour, 1 grey",
        "  copies   1 file has the bytes of another",
        "  note     1 file of another format was left out: .xyz 1 (train/cat/x.xyz)",
    ]


def test_every_bad_file_is_listed_and_three_are_in_the_error(tmp_path, capsys):
    root = pets(tmp_path)
    for n in range(4):
        (root / f"test/dog/{n}.png").write_bytes(b"")
    assert main(["check-data", str(root)]) == 3
    output = capsys.readouterr()
    assert output.out.splitlines()[-4:] == [f"  bad      test/dog/{n}.png (empty file)" for n in range(4)]
    names = ", ".join(f"test/dog/{n}.png (empty file)" for n in range(3))
    assert output.err.splitlines() == [
        f"error: 4 of 18 images cannot be read: {names} and 1 more",
        "  fix or remove them, or leave them out of a run with --skip-bad",
    ]


def test_json_says_the_same(tmp_path, capsys):
    root = pets(tmp_path)
    (root / "test/dog/2.png").write_bytes(b"")
    assert main(["check-data", "--json", str(root)]) == 3
    facts = json.loads(capsys.readouterr().out)
    assert facts["classes"] == {"cat": {"train": 5, "test": 4}, "dog": {"train": 4, "test": 5}}
    assert facts["pixels"] == {"smallest": [8, 9], "median": [20, 16], "largest": [30, 40]}
    assert facts["unreadable"] == [{"name": "test/dog/2.png", "problem": "empty file"}]


def test_what_a_run_would_refuse_is_refused(tmp_path, capsys):
    root = folder(tmp_path / "few", ["cat", "dog"], num=2)
    assert main(["check-data", str(root)]) == 3
    output = capsys.readouterr()
    assert output.out.startswith(f"{root}: 2 classes, 4 images\n")
    assert output.err.startswith("error: 2 classes have fewer than 3 images and cannot be split: cat (2), dog (2)\n")


def test_many_classes_are_told_by_the_fewest_and_the_most(tmp_path, capsys):
    root = folder(tmp_path / "many", [f"c{n:02}" for n in range(12)], num=3)
    noise(999).save(root / "c07/more.png")
    assert main(["check-data", str(root)]) == 0
    assert "  train    37 images: from 3 (c00) to 4 (c07) a class" in capsys.readouterr().out


def test_torch_is_not_loaded(tmp_path):
    loaded = modules_loaded_by("check-data", str(pets(tmp_path)))
    assert "PIL" in loaded
    assert loaded & {"torch", "torchvision", "timm", "pandas", "sklearn", "scipy"} == set()


def test_groups_in_the_file_of_labels_are_heeded(tmp_path, capsys):
    root = folder(tmp_path / "pets", ["cat", "dog"], num=6)
    rows = [f"{kind}/{n}.png,{kind},{kind}{n // 4}" for kind in ("cat", "dog") for n in range(6)]
    file = tmp_path / "labels.csv"
    file.write_text("\n".join(["path,label,group", *rows]))
    assert main(["check-data", str(root), "--labels", str(file)]) == 3
    assert "2 classes have fewer than 3 groups and cannot be split: cat (2), dog (2)" in capsys.readouterr().err
    file.write_text("\n".join(["path,label,group", *(row.rpartition(",")[0] + "," for row in rows[:-1]), rows[-1]]))
    assert main(["check-data", str(root), "--labels", str(file)]) == 0
    assert "note     11 images have no group and are one each: cat/0.png" in capsys.readouterr().out


def test_how_far_the_reading_is_is_an_event_or_a_bar(tmp_path, capsys, monkeypatch):
    root = pets(tmp_path)
    assert main(["check-data", "--log", "json", str(root)]) == 0
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {event["name"]: (event["done"], event["total"], event["unit"]) for event in told} == {
        "reading train": (9, 9, "images"), "reading test": (9, 9, "images"),
    }  # fmt: skip
    stream = io.StringIO()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))  # else nothing has to be read
    monkeypatch.setattr("harness.runs.console.screen.open_screen", lambda log, quiet: LiveScreen(stream=stream))
    assert main(["check-data", str(root)]) == 0
    assert "reading train" in stream.getvalue()
    assert capsys.readouterr().err == ""
