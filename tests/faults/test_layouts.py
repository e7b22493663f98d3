"""Folders as people have them (105-108, 111, 112, 115): used as they were meant, or refused where that is in doubt."""

from __future__ import annotations

import unicodedata

import pytest

from harness.data.files.folder import scan_folder
from tests.faults.folders import doubted, of_parts, parts_of, tree
from zoo import ZooError


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.fault(103)
@pytest.mark.parametrize(
    ("train", "val", "test"),
    [
        ("train", "val", "evaluation"),
        ("training", "eval", "holdout"),
        ("training_set", None, "test_set"),
        ("TrainImages", "Validation-Split", "test2017"),
        ("Trainset", "dev", "hold_out_data"),
    ],
)
def test_103_parts_are_known_by_any_of_their_usual_words(tmp_path, train, val, test):
    names = {part: name for part, name in (("train", train), ("val", val), ("test", test)) if name}
    scan = scan_folder(of_parts(tmp_path, *names.values()))
    assert parts_of(scan, tmp_path) == names
    assert (scan.images.classes, scan.notes) == (("cat", "dog"), ())


@pytest.mark.fault(103)
@pytest.mark.parametrize(
    ("parts", "names"), [(("train", "evaluation"), "evaluation"), (("train", "val", "test", "eval"), "eval")]
)
def test_103_a_word_for_val_or_test_is_refused_where_nothing_tells_which(tmp_path, parts, names):
    assert doubted(of_parts(tmp_path, *parts)) == f"{names} in {tmp_path} may be val or test"


@pytest.mark.fault(103)
@pytest.mark.parametrize("names", [("training_set", "test_set"), ("train", "validation", "other")])
def test_103_parts_without_class_folders_are_not_taken_for_classes(tmp_path, names):
    root = tree(tmp_path, *(f"{name}/{n}.png" for name in names for n in range(4)))
    assert "hold images but no class folders, and are no classes by their names" in doubted(root)


@pytest.mark.fault(104)
@pytest.mark.parametrize("names", [("val", "valid"), ("test_set", "testing"), ("Train", "train")])
def test_104_two_folders_for_one_part_are_refused(tmp_path, names):
    part = {"val": "val", "test_set": "test", "Train": "train"}[names[0]]
    root = of_parts(tmp_path, "train", *names)
    if len(list(root.iterdir())) == len({"train", *names}):  # a file system may hold that Train is train
        have = ", ".join(sorted(names))
        assert doubted(root) == f"{tmp_path} has 2 folders for {part}: {have}"


@pytest.mark.fault(105)
def test_105_a_folder_that_only_wraps_the_class_folders_is_looked_through_and_named(tmp_path):
    scan = scan_folder(of_parts(tmp_path, "seg_train/seg_train", "seg_test/seg_test"))
    assert parts_of(scan, tmp_path) == {"train": "seg_train/seg_train", "test": "seg_test/seg_test"}
    assert scan.images.classes == ("cat", "dog")
    assert scan.notes == (
        "the classes are read from seg_train/seg_train",
        "the classes are read from seg_test/seg_test",
    )


@pytest.mark.fault(105)
def test_105_so_is_one_around_all_parts_but_not_one_that_may_be_the_only_class(tmp_path):
    scan = scan_folder(of_parts(tmp_path / "a", "dataset/train", "dataset/test"))
    assert parts_of(scan, tmp_path / "a") == {"train": "dataset/train", "test": "dataset/test"}
    root = tree(tmp_path / "b", "cat/day 1/1.png", "cat/day 2/2.png")
    with pytest.raises(ZooError, match="has one class only, 'cat'") as raised:
        scan_folder(root)
    assert raised.value.remedy.endswith(f"or say what is meant: --data-dir {root}/cat")


@pytest.mark.fault(106)
def test_106_classes_a_level_deeper_than_class_folders_are_refused(tmp_path):
    root = of_parts(tmp_path, "2023", "2024", "2025")
    assert doubted(root) == (
        f"3 of 3 class folders in {root} hold no images of their own, only folders:"
        " 2023 (cat, dog), 2024 (cat, dog), 2025 (cat, dog)"
    )
    scan = scan_folder(None, part_dirs={"train": root})
    assert (scan.images.classes, scan.notes) == (
        ("2023", "2024", "2025"),
        ("12 images count to the class folder around their own: 2023/cat, 2023/dog, 2024/cat and 3 more",),
    )


@pytest.mark.fault(106)
def test_106_so_are_parts_within_the_class_folders_and_a_note_names_other_folders_there(tmp_path):
    root = tree(tmp_path / "a", *(f"{label}/{at}1.png" for label in ("cat", "dog") for at in ("", "train/", "test/")))
    assert doubted(root) == f"all class folders in {root} hold the same folders: test, train"
    scan = scan_folder(tree(tmp_path / "b", "cat/1.png", "cat/kittens/2.png", "dog/3.png"))
    assert list(scan.images.train.labels) == [0, 0, 1]
    assert scan.notes == ("1 image counts to the class folder around their own: cat/kittens",)


@pytest.mark.fault(109)
@pytest.mark.parametrize("extra", ["seg_pred/seg_pred/1.png", "unlabelled/1.png", "old/cat/1.png"])
def test_109_images_beside_the_parts_are_refused(tmp_path, extra):
    root = tree(of_parts(tmp_path, "train", "test"), extra)
    name = extra.partition("/")[0]
    assert doubted(root) == f"{root} has train, test, and beside them 1 image in {name}"
    scan = scan_folder(root, part_dirs={"train": root / "train", "test": root / "test"})
    assert scan.notes == (f"1 image outside of the folders that are named was left out: {extra}",)


@pytest.mark.fault(109)
def test_109_folders_beside_the_parts_that_hold_no_image_are_named(tmp_path):
    root = tree(of_parts(tmp_path, "train", "test"), "annotations/a.xml", "annotations/b.xml", "empty/")
    assert scan_folder(root).notes == (
        "2 folders hold no image: annotations, empty",
        "2 files of other formats were left out: .xml 2 (annotations/a.xml, annotations/b.xml)",
    )


@pytest.mark.fault(109)
@pytest.mark.parametrize("part", ["test", "val"])
def test_109_a_part_of_images_without_class_folders_is_refused(tmp_path, part):
    root = tree(of_parts(tmp_path, "train"), f"{part}/1.png", f"{part}/2.png")
    assert doubted(root) == f"{part} in {root} has no class folders"


@pytest.mark.fault(110)
@pytest.mark.parametrize("names", [("cat", "Cat"), ("café", "cafe\u0301"), ("two words", "two  words"), ("ﬁg", "fig")])
@pytest.mark.parametrize("layout", ["{0}/1.png {1}/1.png", "train/{0}/1.png train/x/1.png test/{1}/1.png test/x/1.png"])
def test_110_class_names_that_differ_in_case_or_unicode_form_alone_are_refused(tmp_path, names, layout):
    tree(tmp_path, *(part.format(*names).replace("_", " ") for part in layout.split(" ")))
    with pytest.raises(ZooError, match="names that are equal but for case, spaces or Unicode form: ") as raised:
        scan_folder(tmp_path)
    shown = raised.value.cause.partition("form: ")[2]
    assert unicodedata.normalize("NFKC", shown) == shown


@pytest.mark.fault(113)
def test_113_images_outside_of_class_folders_are_counted_and_named(tmp_path):
    root = tree(of_parts(tmp_path / "a", "train", "test"), "1.png", "train/2.png", "test/3.png", "test/4.png")
    assert scan_folder(root).notes == (
        "4 images outside of class folders were left out: 1.png, train/2.png, test/3.png and 1 more",
    )
    root = tree(tmp_path / "b", "cat/1.png", "dog/1.png", "contact sheet.jpg")
    assert scan_folder(root).notes == ("1 image outside of class folders was left out: contact sheet.jpg",)
