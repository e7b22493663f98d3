"""Images as a person names them: files, folders, and lists on stdin."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.data.files.image_paths import image_paths
from tests.faults.folders import tree
from zoo.errors import ZooError


@pytest.fixture(autouse=True)
def leaves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inside = ("oak/2.png", "oak/1.PNG", "elm/a.jpeg", "notes.txt")
    return tree(tmp_path, "z.jpg", "none/", *(f"leaves/{name}" for name in inside))


def found(*names, stdin=b""):
    paths, notes = image_paths(names, lambda: stdin)
    return [str(path) for path in paths], notes


def test_files_stand_in_the_order_in_which_they_are_named_and_those_of_a_folder_are_sorted():
    inside = ["leaves/elm/a.jpeg", "leaves/oak/1.PNG", "leaves/oak/2.png"]
    assert found("z.jpg", "leaves", "leaves/notes.txt")[0] == ["z.jpg", *inside, "leaves/notes.txt"]
    assert found("leaves", "z.jpg", "z.jpg")[0] == [*inside, "z.jpg", "z.jpg"]


def test_what_is_left_out_of_a_folder_is_noted():
    assert found("leaves")[1] == ["1 file of another format was left out: .txt 1 (notes.txt)"]


@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\0"])
def test_a_list_on_stdin_names_files_folders_and_what_is_not_there(between):
    stdin = between.join([b"z.jpg", b"", b"gone.png", b"leaves/oak", b"\xff.png", b""])
    expected = ["z.jpg", "gone.png", "leaves/oak/1.PNG", "leaves/oak/2.png", os.fsdecode(b"\xff.png")]
    assert found("-", stdin=stdin)[0] == expected


@pytest.mark.parametrize(
    ("names", "cause", "remedy"),
    [
        (["gone.jpg"], "gone.jpg does not exist", "name image files or folders, or - for a list"),
        (["none"], "none has no images", "formats read: .avif "),
        (["-"], "no path came on stdin", "give one a line"),
    ],
)
def test_what_holds_no_image_is_refused(names, cause, remedy):
    with pytest.raises(ZooError) as caught:
        found(*names)
    assert caught.value.cause == cause
    assert caught.value.remedy.startswith(remedy)
    assert caught.value.exit_code == 3


def test_a_folder_of_other_files_says_which_they_are(leaves):
    Path("none/a.txt").touch()
    with pytest.raises(ZooError, match=r"none has no images \(1 file of another format was left out: .txt 1 "):
        found("none")
