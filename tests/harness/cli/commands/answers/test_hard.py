"""`harness hard`: label errors that were planted are found, and its lines, its copies and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from harness.cli.main import main
from results.store import image_names
from results.store.image_names import ImageNames
from tests.results.runs import trial
from tests.results.samples import stored_run
from tests.source import ROOT

NUM_PLANTED = 10


def digits_as_files(root):
    """The digits as `root/{train,test}/<class>/<number>.png`; ten test images lie in the folder of the next class."""
    images, labels = load_digits(return_X_y=True)
    planted = set(range(5, 1797, 180))
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        part = "train" if number % 5 else "test"
        folder = root / part / str((int(label) + (number in planted)) % 10)
        folder.mkdir(parents=True, exist_ok=True)
        pixels = (image.reshape(8, 8) * 15.9).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    assert len(planted) == NUM_PLANTED
    return {f"{number}.png" for number in planted}


@pytest.mark.once
def test_of_ten_planted_label_errors_eight_are_among_the_first_twelve(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    planted = digits_as_files(tmp_path / "digits")
    runs = ["--output", str(tmp_path / "runs")]
    options = ["--epochs", "8", "--time-budget", "0", "--device", "cpu", "--no-isolation", "--quiet"]
    data = ["--data-dir", str(tmp_path / "digits"), "--plugins", "mlp,mlp-wide,fc_model"]
    assert main(["run", *data, *options, *runs]) == 0
    capsys.readouterr()
    assert main(["hard", "--top", "12", "--json", "--copy", str(tmp_path / "copies"), *runs]) == 0
    found = json.loads(capsys.readouterr().out)["images"]
    files = [one["file"].rpartition("/")[2] for one in found]
    assert len(planted & set(files)) >= 8
    assert len(planted & {name for name, one in zip(files, found, strict=True) if one["suspect"]}) >= 8
    for one in found:
        assert one["file"].split("/")[:2] == ["test", one["class"]]
    true = load_digits().target[[int(name.removesuffix(".png")) for name in files]]
    right = [one["taken_for"] == str(label) for one, label in zip(found, true, strict=True)]
    assert sum(right) >= 8
    copies = sorted(path.name for path in (tmp_path / "copies").iterdir())
    first = f"01_{found[0]['class']}_taken-for_{found[0]['taken_for']}_{files[0]}"
    assert (len(copies), copies[0]) == (12, first)
    assert (tmp_path / "copies" / first).read_bytes() == (tmp_path / "digits" / found[0]["file"]).read_bytes()


@pytest.fixture
def runs(tmp_path):
    """Of 1,000 elms three models miss the same four, and say oak."""
    models = [("vit", range(6)), ("mlp", range(2, 9)), ("gru", range(2, 6))]
    store = stored_run(tmp_path, [trial(name, wrong=wrong) for name, wrong in models])
    files = [f"elm/{number}.png" for number in range(1000)]
    image_names.keep(store, ImageNames(folder=str(tmp_path), pool="test", images=files, labels=[0] * 1000))
    return store


def said(capsys, store, *arguments, code=0):
    assert main(["hard", str(store.path), *arguments]) == code
    return capsys.readouterr()


def test_images_stand_with_what_they_were_taken_for(runs, capsys):
    assert said(capsys, runs, "--top", "2").out.splitlines() == [
        "4 of 1,000 test images were missed by all 3 trials (of gru, mlp and vit); the likely label errors first",
        "",
        "   image      class  taken for  p(taken for) %  p(class) %",
        "1  elm/2.png  elm    oak                 100.0         0.0",
        "2  elm/3.png  elm    oak                 100.0         0.0",
        "",
        "p: the mean of the probabilities that they give to what most of them take it for, and to its own class",
        "2 more images are not shown: --top 0 shows all",
    ]
    assert len(said(capsys, runs, "--top", "0").out.splitlines()) == 9


def test_where_they_do_not_agree_the_trials_are_counted(tmp_path, capsys):
    answers = np.array([[1, 1, 2, 3, 4], [2, 2, 2, 1, 1]])
    trials = []
    for number, took in enumerate(answers.T):
        record, _ = trial(f"m{number}", data={"classes": list("abcde"), "num_test": 2})
        trials.append((record, {"labels": np.array([0, 0]), "probs": np.eye(5)[took]}))
    lines = said(capsys, stored_run(tmp_path, trials)).out.splitlines()
    assert lines[3].startswith("1  test image 1  a      c (3 of 5), b (2)                           60.0         0.0")
    assert lines[4].startswith("2  test image 0  a      b (2 of 5), c (1), d (1), 1 more            40.0         0.0")


def test_a_run_of_before_shows_row_numbers_and_says_why(capsys):
    assert main(["hard", str(ROOT / "tests/results/run_of_before"), "--top", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].split()[:4] == ["1", "test", "image", "192"]
    assert (
        "this run is of an earlier version, which kept no names: images by their place in the test set, from 0" in lines
    )


def test_images_of_a_tensor_have_their_row_in_it(runs, capsys):
    rows = list(range(5000, 6000))
    image_names.keep(runs, ImageNames(folder="", pool="train", images=rows, labels=[0] * 1000))
    out = said(capsys, runs).out
    assert "\n1  test image 2 (row 5002 of train)  elm " in out
    assert "this dataset has no files" in out


def test_nothing_missed_by_all_is_said_too(tmp_path, capsys):
    store = stored_run(tmp_path, [trial("vit", wrong=range(5)), trial("mlp", wrong=range(5, 9))])
    assert said(capsys, store).out == "none of 1,000 test images was missed by all 2 trials (of mlp and vit)\n"


def test_copies_that_could_not_be_made_are_named(runs, tmp_path, capsys):
    (tmp_path / "elm").mkdir()
    (tmp_path / "elm" / "3.png").write_bytes(b"picture")
    lines = said(capsys, runs, "--copy", str(tmp_path / "copies"), "--top", "2").out.splitlines()
    assert lines[-2:] == [
        f"1 image copied into {tmp_path}/copies",
        f"1 image not there any more: {tmp_path}/elm/2.png",
    ]
    assert [path.name for path in (tmp_path / "copies").iterdir()] == ["2_elm_taken-for_oak_3.png"]


@pytest.mark.parametrize(
    ("arguments", "code", "cause", "remedy"),
    [
        (["--top", "-1"], 2, "argument --top: -1 is out of range: at least 0", "see: harness hard --help"),
        (["--copy", "/"], 2, "/ is not empty, and nothing in it is overwritten", "name another folder"),
        (["--copy", "copies"], 3, "none of the 4 images is there any more: ", "put them back where they were"),
        (["more"], 2, "unrecognized arguments: more", "see: harness hard --help"),
    ],
)
def test_wrong_input_is_one_line_of_cause_and_one_of_remedy(
    runs, tmp_path, monkeypatch, capsys, arguments, code, cause, remedy
):
    monkeypatch.chdir(tmp_path)
    lines = said(capsys, runs, *arguments, code=code).err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {cause}")
    assert lines[1].startswith(f"  {remedy}")
