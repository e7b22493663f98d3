"""What else lies in folders of images (109, 110, 113, 114): refused, or counted and named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.data.files.folder import scan_folder
from harness.data.load import DatasetSource, load
from tests.faults.folders import checked, of_parts, refused_by_both, tree
from tests.harness.pictures import folder
from zoo import ZooError


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def shut(monkeypatch, *folders: Path) -> None:
    """Let nobody read these folders; tests may run as root, who may read everything."""
    look = os.scandir

    def guarded(path):
        if Path(path) in folders:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", guarded)


@pytest.mark.fault(107)
def test_107_a_folder_that_may_not_be_read_is_refused_by_its_name(tmp_path, capsys, monkeypatch):
    root = folder(tmp_path / "pets", ["cat", "cat/new", "dog", "dog/new"], num=12)
    shut(monkeypatch, root / "cat/new", root / "dog/new")
    cause, remedy = refused_by_both(capsys, root, tmp_path / "runs")
    assert cause == "2 folders cannot be read: cat/new (Permission denied), dog/new (Permission denied)"
    assert remedy == "allow reading them (chmod -R u+rX), or move them elsewhere"


@pytest.mark.fault(107)
def test_107_so_is_a_class_folder_and_the_whole_folder(tmp_path, monkeypatch):
    root = of_parts(tmp_path, "train", "test")
    shut(monkeypatch, root / "train/dog")
    with pytest.raises(ZooError, match=r"^1 folder cannot be read: train/dog \(Permission denied\)$"):
        scan_folder(root)
    shut(monkeypatch, root)
    with pytest.raises(ZooError, match=r"^1 folder cannot be read: \. \(Permission denied\)$"):
        scan_folder(root)


@pytest.mark.fault(108)
@pytest.mark.parametrize(("first", "second"), [("train/cat", "train/dog"), ("train/cat", "test/dog")])
def test_108_one_image_under_two_labels_is_refused_or_left_out_under_both(tmp_path, capsys, first, second):
    root = folder(tmp_path / "pets", ["train/cat", "train/dog", "test/cat", "test/dog"], num=6)
    (root / second / "same.png").write_bytes((root / first / "0.png").read_bytes())
    cause, remedy = refused_by_both(capsys, root, tmp_path / "runs")
    shown = [f"{first}/0.png", f"{second}/same.png"]
    if first.startswith("train") and second.startswith("train"):
        shown = [name.removeprefix("train/") for name in shown]  # below the folder that both lie in
    one, other = shown
    pairs = f"{one} (also {other}), {other} (also {one})"
    assert cause == f"2 images are there under two labels: {pairs}"
    assert remedy == "remove the wrong ones, or leave all of them out with --skip-bad"
    dataset = load(DatasetSource(data_dir=root), skip_bad=True)
    assert dataset.notes == (f"2 images under two labels were left out: {pairs}",)
    assert sum(dataset.counts.values()) == 23
    assert dataset.left_out == (one, other)


@pytest.mark.fault(111)
def test_111_system_folders_and_hidden_files_are_no_classes_and_are_counted(tmp_path, capsys):
    root = folder(tmp_path / "pets", ["cat", "dog"])
    tree(root, "__MACOSX/cat/._0.png", "__MACOSX/._cat", ".ipynb_checkpoints/x.png", "dog/Thumbs.db", "dog/._0.png")
    said = checked(capsys, root)
    assert f"{root}: 2 classes, 8 images" in said
    assert (
        "5 hidden or system files were left out: __MACOSX 2, .ipynb_checkpoints 1, ._0.png 1, Thumbs.db 1"
        " (.ipynb_checkpoints/x.png, __MACOSX/._cat, __MACOSX/cat/._0.png and 2 more)"
    ) in said


@pytest.mark.fault(111)
def test_111_a_hidden_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    root = tree(tmp_path, "cat/1.png", "dog/1.png", "lost+found/x", "cat/.git/1.png")
    look = os.listdir

    def guarded(path):
        if Path(path).name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "listdir", guarded)
    assert scan_folder(root).notes == (
        "1 hidden folder cannot be looked into: lost+found",
        "1 hidden or system file was left out: .git 1 (cat/.git/1.png)",
    )


@pytest.mark.fault(112)
def test_112_links_that_lead_nowhere_or_in_circles_are_counted_and_named(tmp_path):
    root = tree(tmp_path, "cat/1.png", "dog/1.png")
    for name, target in (("cat/gone.png", "nowhere"), ("dog/me", "me"), ("gone", "/no/where"), ("cat/up", root)):
        (root / name).symlink_to(target)
    scan = scan_folder(root)
    assert len(scan.images.train) == 2
    assert scan.notes == (
        "1 link to a folder that is read already: cat/up",
        "3 links that lead nowhere were left out: gone, cat/gone.png, dog/me",
    )


@pytest.mark.fault(112)
@pytest.mark.parametrize(
    ("link", "target"), [("cat/more", "dog"), ("eel", "dog"), ("cat/more", "dog/inner"), ("val", "test")]
)
def test_112_a_link_that_makes_one_folder_two_classes_or_parts_is_refused(tmp_path, link, target):
    at = "" if link == "val" else "train/"
    root = tree(of_parts(tmp_path, "train", "test"), "train/dog/inner/1.png")
    (root / at / link).symlink_to(root / at / target)
    with pytest.raises(ZooError) as raised:
        scan_folder(root)
    assert raised.value.cause == f"1 link leads to what is read already: {at}{link} is {at}{target}"


@pytest.mark.fault(112)
def test_112_class_folders_may_be_links_to_elsewhere(tmp_path):
    store = tree(tmp_path / "store", "a/1.png", "b/deep/2.png", "b/3.png")
    root = tree(tmp_path / "pets", "eel/4.png")
    for name, target in (("cat", "a"), ("dog", "b")):
        (root / name).symlink_to(store / target)
    images = scan_folder(root).images
    assert (images.classes, list(images.train.labels)) == (("cat", "dog", "eel"), [0, 1, 1, 2])
