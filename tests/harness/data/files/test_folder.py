import os

import pytest

from harness.data.files.folder import scan_folder
from zoo import ZooError


def tree(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            (root / name).write_bytes(b"")
        else:
            (root / name).mkdir(exist_ok=True)
    return root


def test_class_folders_are_all_training_images_sorted(tmp_path):
    images = scan_folder(tree(tmp_path, "b/2.png", "b/1.JPG", "a/deep/3.jpeg")).images
    assert images.classes == ("a", "b")
    assert [path.name for path in images.train.images] == ["3.jpeg", "1.JPG", "2.png"]
    assert list(images.train.labels) == [0, 1, 1]
    assert (images.val, images.test) == (None, None)


def test_files_are_in_order_of_their_names_whatever_the_file_system_says(tmp_path):
    names = [f"{n * 37 % 101:03}.png" for n in range(50)]
    images = scan_folder(tree(tmp_path, "b/1.png", *(f"a/{name}" for name in names))).images
    assert [path.name for path in images.train.images[:-1]] == sorted(names)


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "valid", "testing")])
def test_parts_are_known_by_their_usual_names(tmp_path, names):
    scan = scan_folder(tree(tmp_path, *(f"{part}/{label}/1.png" for part in names for label in "ab")))
    images = scan.images
    assert [len(part) for part in (images.train, images.val, images.test)] == [2, 2, 2]
    assert [path.parent.name for path in images.test.images] == ["a", "b"]


def test_a_class_may_be_called_train(tmp_path):
    assert scan_folder(tree(tmp_path, "train/1.png", "plane/1.png")).images.classes == ("plane", "train")


def test_unlisted_formats_are_counted_and_hidden_files_are_not(tmp_path):
    tree(tmp_path, "a/1.png", "b/1.png", "a/x.svg", "b/y.svg", "a/z.txt", "a/.DS_Store", ".git/1.png")
    scan = scan_folder(tmp_path)
    assert scan.notes == ("3 files were left out: .svg 2, .txt 1",)
    assert len(scan.images.train) == 2


def test_pipes_and_dangling_links_are_reported_and_never_opened(tmp_path):
    tree(tmp_path, "a/1.png", "b/1.png")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    (tmp_path / "a" / "gone.png").symlink_to("nowhere")
    scan = scan_folder(tmp_path)
    assert scan.notes == ("2 files were left out: not regular files 2",)


def test_a_loop_of_links_ends(tmp_path):
    tree(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    paths = scan_folder(tmp_path).images.train.images
    assert sorted(path.resolve() for path in set(paths) if "again" not in path.parts) == [
        tmp_path / "a/1.png",
        tmp_path / "b/1.png",
    ]


def test_odd_names_are_listed(tmp_path):
    names = ["ü.png", "new\nline.png", "-x.png", os.fsdecode(b"\xff.png"), "n" * 251 + ".png"]
    scan = scan_folder(tree(tmp_path, "b/1.png", *(f"a/{name}" for name in names)))
    assert sorted(path.name for path in scan.images.train.images[:-1]) == sorted(names)


MISTAKES = {
    "missing": ((), "no/such", "no/such does not exist"),
    "a file": (("f",), "f", "f is not a folder"),
    "empty": ((), "", r"has no class folders \(found 0 images at top level\)"),
    "flat": (("1.jpg", "2.png", "x.txt"), "", r"has no class folders \(found 2 images at top level\)"),
    "empty class": (("a/1.png", "b/"), "", "has class folders without images: b$"),
    "one class": (("a/1.png",), "", "has one class only, 'a'"),
    "no train": (("test/a/1.png", "val/b/1.png"), "", "has test, val but no train folder"),
    "other classes": (
        ("train/a/1.png", "train/b/1.png", "test/b/1.png", "test/c/1.png"),
        "",
        r"differ in classes \(only in train: a; only in test: c\)",
    ),
}


@pytest.mark.parametrize(("names", "folder", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_folder_without_two_classes_says_what_it_lacks(tmp_path, names, folder, message):
    with pytest.raises(ZooError, match=message) as raised:
        scan_folder(tree(tmp_path, *names) / folder)
    assert raised.value.exit_code == 3
    assert raised.value.remedy


def test_messages_are_valid_printable_text(tmp_path):
    tree(tmp_path, os.fsdecode(b"only\xff\n/1.png"))
    with pytest.raises(ZooError) as raised:
        scan_folder(tmp_path)
    assert r"only\udcff\n" in raised.value.cause.encode().decode()
