"""Folders and labels that are named by options (116, 117)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import harness
from harness.cli.main import main
from harness.data.files.folder import scan_folder
from results.store.run_store import RunStore
from tests.faults.folders import OPTIONS, doubted, of_parts, parts_of, tree
from tests.harness.pictures import folder
from zoo import ZooError


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def csv(root: Path, *lines: str) -> Path:
    file = root / "labels.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.mark.fault(114)
def test_114_a_file_of_labels_is_followed_and_what_it_does_not_list_is_counted(tmp_path, capsys):
    root = folder(tmp_path / "pets", ["photos"], num=9)
    rows = [f"photos/{n}.png,{('cat', 'dog')[n % 2]},{('train', 'train', 'evaluation')[n // 3]}" for n in range(8)]
    assert main(["check-data", str(root), "--labels", str(csv(root, "path,label,split", *rows))]) == 3
    said = capsys.readouterr().err.splitlines()[0]
    assert said == f"error: {root}/labels.csv has splits that are not known, or two words for one: 'evaluation'"
    csv(root, "path,label,split", *(row.replace("evaluation", "testing") for row in rows))
    assert main(["check-data", str(root), "--labels", str(root / "labels.csv")]) == 0
    said = capsys.readouterr().out
    assert f"{root}: 2 classes, 8 images\n  train    6 images: cat 3, dog 3\n  test     2 images: cat 1, dog 1" in said
    assert "1 image that labels.csv does not list was left out: photos/8.png" in said


@pytest.mark.fault(114)
@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (["a/1.png,cat"], "begins with the columns a/1.png, cat"),
        (["path,label", "a/1.png,cat", "a/2.png"], "has not 2 columns in line 3"),
        (["path,label", "a/1.png,cat", "a/9.png,dog"], "has 1 lines that name no image below the data folder that is"),
        (["path,label", "a/1.png,cat", "../x.png,dog"], "has 1 lines that name no image below the data folder"),
        (["path,label", "a/1.png,cat", "a/2.png,"], r"has 1 lines that have no label: a/2.png \(line 3\)"),
        (["path,label", "a/1.png,cat", "./a/1.png,dog"], "has 2 lines that name an image that another line names"),
        (["path,label", "a/1.png,cat", "a/2.png,Cat"], "has labels with names that are equal but for case"),
        (["path,label,split", "a/1.png,cat,val", "a/2.png,dog,valid"], "two words for one: 'val', 'valid'"),
        (["path,label,split", "a/1.png,cat,train", "a/2.png,dog,"], "splits that are not known, .*: ''"),
        (["path,label,split", "a/1.png,cat,train", "a/2.png,dog,test"], "has 1 classes of training images"),
        ([], r"begins with the columns \(none\)"),
        (["path,label", '"a/1.png,cat'], "cannot be read: unexpected end of data"),
    ],
)
def test_114_a_file_of_labels_that_can_be_doubted_is_refused(tmp_path, lines, cause):
    root = tree(tmp_path, "a/1.png", "a/2.png", "a/3.png")
    with pytest.raises(ZooError, match=cause) as raised:
        scan_folder(root, labels=csv(root, *lines))
    assert (raised.value.exit_code, bool(raised.value.remedy)) == (3, True)


@pytest.mark.fault(114)
def test_114_labels_that_say_what_the_folders_say_give_the_same_dataset(tmp_path):
    root = of_parts(tmp_path / "x", "train", "test")
    paths = sorted(root.rglob("*.png"), reverse=True)
    rows = [f"{path.parent.name},x,{path.relative_to(root)},{path.parts[-3]}" for path in paths]
    file = csv(tmp_path, "Label,note,Path,Split", *rows)
    scan = scan_folder(root, labels=file)
    assert scan.images == scan_folder(root).images
    assert scan.notes == ("columns of labels.csv that are not read: note",)


@pytest.mark.fault(115)
def test_115_folders_are_named_by_options_kept_with_absolute_paths_and_found_on_resume(tmp_path, capsys, monkeypatch):
    root = folder(tmp_path / "pets", ["a/cat", "a/dog", "b/cat", "b/dog", "train/cat", "train/dog"], num=6)
    monkeypatch.chdir(root)
    named = ["--train-dir", "a", "--test-dir", "b", "--output", "../runs", "--no-isolation", "--quiet"]
    assert main(["run", "--plugins", "fc_model", *named, *OPTIONS]) == 0
    capsys.readouterr()
    (kept,) = (tmp_path / "runs").glob("[!_]*")
    configuration = RunStore.open(kept).configuration
    setup = configuration["setup"]
    assert (setup["train_dir"], setup["test_dir"], setup["val_dir"]) == (f"{root}/a", f"{root}/b", None)
    assert {name: configuration["data"][f"num_{name}"] for name in ("train", "val", "test")} == {
        "train": 10,
        "val": 2,
        "test": 12,
    }
    next((kept / "records").iterdir()).unlink()
    monkeypatch.chdir(tmp_path)
    assert main(["resume", str(kept), "--quiet"]) == 0


@pytest.mark.fault(114)
def test_114_names_of_files_may_hold_line_ends_commas_and_bytes_that_are_no_text(tmp_path):
    names = ["two\nlines.png", "a,b.png", "next\x85.png", os.fsdecode(b"\xff.png")]
    rows = [f'"{name}",{label}' for name, label in zip(names, "abab", strict=True)]
    file = tmp_path / "labels.csv"
    file.write_bytes(os.fsencode("\r\n".join(["\ufeffpath,label", *rows])))
    images = scan_folder(tree(tmp_path / "x", *names), labels=file).images
    assert sorted(path.name for path in images.train.images) == sorted(names)


@pytest.mark.fault(115)
def test_115_a_folder_of_parts_is_not_taken_for_one_part(tmp_path):
    root = of_parts(tmp_path, "training_set", "test_set")
    assert doubted(None, part_dirs={"train": root}) == doubted(root, part_dirs={"train": root})
    assert doubted(None, part_dirs={"train": root}) == f"{root} was named as one part, but holds test_set, training_set"


@pytest.mark.fault(115)
def test_115_a_part_may_be_added_to_a_folder_and_python_has_the_same_arguments(tmp_path, capsys):
    root = of_parts(tmp_path / "pets", "training", "holdout", "evaluation")
    scan = scan_folder(root, part_dirs={"val": root / "evaluation"})
    assert parts_of(scan, root) == {"train": "training", "val": "evaluation", "test": "holdout"}
    assert "2 folders for test" in doubted(root, part_dirs={"test": root / "evaluation"})
    with pytest.raises(ZooError, match=r"train_dir: .* is not a path"):
        harness.run("fc_model", train_dir=7)
    with pytest.raises(ZooError, match=f"{tmp_path}/nowhere does not exist"):
        harness.run("fc_model", train_dir=tmp_path / "nowhere", output=tmp_path / "runs", device="cpu")


@pytest.mark.fault(115)
@pytest.mark.parametrize(
    ("flags", "cause"),
    [
        ("--dataset digits --test-dir {0}", "--dataset and --test-dir exclude each other"),
        ("--dataset digits --labels {0}/x.csv", "--dataset and --labels exclude each other"),
        ("--test-dir {0}", "--test-dir goes with training images"),
        ("--labels {0}/x.csv", "--labels names files below --data-dir, which is missing"),
        ("--data-dir {0} --labels {0}/x.csv --val-dir {0}", "--labels and --val-dir exclude each other"),
        ("--train-dir {0} --val-dir {0}", "--train-dir and --val-dir are one folder, {0}"),
        ("--data-dir {0} --test-dir {0}", "--data-dir and --test-dir are one folder, {0}"),
    ],
)
def test_115_options_that_exclude_each_other_are_refused(tmp_path, capsys, flags, cause):
    typed = ["run", "--plugins", "fc_model", "--device", "cpu", *flags.format(tmp_path).split()]
    assert main([*typed, "--output", str(tmp_path / "runs")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {cause.format(tmp_path)}\n")


@pytest.mark.fault(115)
def test_115_notes_are_kept_with_the_run_and_check_data_says_the_same(tmp_path, capsys):
    root = folder(tmp_path / "pets", ["cat", "dog"], num=6)
    (root / "cat" / "notes.txt").touch()
    assert main(["check-data", "--json", "--train-dir", str(root)]) == 0
    facts = json.loads(capsys.readouterr().out)
    source = ["--data-dir", str(root), "--output", str(tmp_path / "runs")]
    assert main(["run", "--plugins", "fc_model", *source, *OPTIONS, "--no-isolation", "--quiet"]) == 0
    (kept,) = (tmp_path / "runs").glob("[!_]*")
    note = "1 file of another format was left out: .txt 1 (cat/notes.txt)"
    assert facts["left_out"] == RunStore.open(kept).configuration["notes"] == [note]


@pytest.mark.fault(115)
def test_115_check_data_asks_for_a_folder(capsys):
    assert main(["check-data"]) == 2
    assert capsys.readouterr().err == "error: no folder was named\n  see: harness check-data --help\n"
