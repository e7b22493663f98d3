"""Copies of images: named after what is wrong with them, never over what is there."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from results.answers.asked import Unanswerable
from results.answers.hard import HardImage, HardImages
from results.answers.image_copies import copy_images
from results.errors import StoreError
from results.store.image_names import ImageNames

CLASSES = ("elm", "../oak\x1b[31m", "樱花 tree")
FILES = ("elm/a.png", "elm/b\n/c d.JPG", "oak/\udcff.png", "oak/none")


def found(folder, files=FILES):
    images = tuple(
        HardImage(row=row, label=row % 3, votes=((taken, 2),), probability=0.9, own_probability=0.05, suspect=True)
        for row, taken in enumerate((1, 2, -1, 1))
    )
    names = ImageNames(folder=str(folder), pool="test", images=files, labels=[0, 1, 2, 0])
    known = {"run": "run", "classes": CLASSES, "models": ("a",), "seeds": (1,), "num_trials": 2, "num_images": 4}
    return HardImages(**known, images=images, names=names)


@pytest.fixture
def data(tmp_path):
    for name in FILES:
        path = os.fsencode(str(tmp_path / "data" / name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(name.encode(errors="surrogateescape"))
    return tmp_path / "data"


def test_names_tell_order_class_and_what_it_was_taken_for_and_hold_nothing_harmful(tmp_path, data):
    answer = found(data)
    assert copy_images(answer, answer.images, tmp_path / "new" / "copies") == []
    copies = {path.name: path.read_bytes() for path in (tmp_path / "new" / "copies").iterdir()}
    assert copies == {
        "1_elm_taken-for_oak_a.png": b"elm/a.png",
        "2_oak_taken-for_樱花-tree_c-d.JPG": b"elm/b\n/c d.JPG",
        "3_樱花-tree_taken-for_nothing_unnamed.png": b"oak/\xff.png",
        "4_elm_taken-for_oak_none": b"oak/none",
    }


def test_long_names_fit_and_stay_apart(tmp_path, data):
    long = "樱" * 80
    (data / f"{long}.png").touch()
    answer = replace(found(data, (f"{long}.png",) * 4), classes=(long,) * 3)
    copy_images(answer, answer.images, tmp_path / "copies")
    names = [path.name for path in (tmp_path / "copies").iterdir()]
    assert len(names) == 4
    assert max(len(name.encode()) for name in names) < 255


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: None])
def test_a_folder_that_is_new_or_empty_is_taken(tmp_path, data, make):
    make(tmp_path / "copies")
    answer = found(data)
    copy_images(answer, answer.images[:1], tmp_path / "copies")
    assert len(list((tmp_path / "copies").iterdir())) == 1


def test_what_is_not_empty_or_no_folder_is_refused_and_left_as_it_is(tmp_path, data):
    answer = found(data)
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / ".mine").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, says in (("copies", "is not empty"), ("file", "is no folder"), ("link", "is no folder")):
        with pytest.raises(Unanswerable, match=says) as caught:
            copy_images(answer, answer.images, tmp_path / name)
        assert caught.value.exit_code == 2
    assert [path.name for path in (tmp_path / "copies").iterdir()] == [".mine"]


def test_files_that_are_gone_are_named_and_where_none_is_left_that_is_an_error(tmp_path, data):
    answer = found(data)
    (data / FILES[0]).unlink()
    (data / FILES[3]).unlink()
    os.mkfifo(data / FILES[3])  # which nobody ever writes to
    assert copy_images(answer, answer.images, tmp_path / "some") == [f"{data}/{FILES[0]}", f"{data}/{FILES[3]}"]
    with pytest.raises(Unanswerable, match=r"none of the 4 images is there any more: /nowhere/elm/a\.png") as caught:
        copy_images(found("/nowhere"), answer.images, tmp_path / "none")
    assert caught.value.exit_code == 3


def test_images_without_files_are_refused(tmp_path, data):
    rows = ImageNames(folder="", pool="train", images=[1] * 4, labels=[0] * 4)
    for names, says in ((None, "kept no names"), (rows, "no files but a plugin's tensor")):
        answer = replace(found(data), names=names)
        with pytest.raises(Unanswerable, match=says):
            copy_images(answer, answer.images, tmp_path / "copies")
    assert not (tmp_path / "copies").exists()


def test_a_disk_that_refuses_is_a_store_error(tmp_path, data):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(StoreError, match="cannot be written to"):
        copy_images(found(data), found(data).images, folder)
