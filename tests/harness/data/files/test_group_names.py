"""Groups by pattern and by file, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.data.files.group_names import alone_note, groups_by
from zoo import ZooError

NAMES = ("elm/tree1_a.png", "elm/tree1_b.png", "oak/tree2_a.png", "oak/other.png")


def named(tmp_path, group_by):
    paths = [tmp_path / name for name in NAMES]
    return [groups_by(group_by, paths, tmp_path)[path] for path in paths]


def written(tmp_path, *lines):
    file = tmp_path / "groups.csv"
    file.write_text("\n".join(lines) + "\n")
    return str(file)


@pytest.mark.parametrize("pattern", [r"(tree\d+)_", r"(?P<group>tree\d+)", r"(?P<kind>elm|oak)/(?P<group>tree\d+)"])
def test_a_pattern_is_searched_for_in_the_path_and_what_it_does_not_find_has_no_group(tmp_path, pattern):
    assert named(tmp_path, pattern) == ["tree1", "tree1", "tree2", ""]


def test_a_folder_may_be_the_group(tmp_path):
    assert named(tmp_path, "^([^/]+)/") == ["elm", "elm", "oak", "oak"]


def test_a_file_says_the_groups_and_what_it_does_not_list_has_none(tmp_path):
    file = written(tmp_path, "path,group", "elm/tree1_a.png,7", f"{tmp_path}/oak/tree2_a.png,7", "oak/other.png,")
    assert named(tmp_path, file) == ["7", "", "7", ""]


def test_images_without_a_group_are_counted_and_named(tmp_path):
    groups = {tmp_path / "a.png": "", tmp_path / "b.png": "x", tmp_path / "c.png": ""}
    assert list(alone_note(groups, tmp_path)) == ["2 images have no group and are one each: a.png, c.png"]
    assert list(alone_note({tmp_path / "b.png": "x"}, tmp_path)) == []


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (["path,patient", "elm/tree1_a.png,7"], "begins with the columns path, patient"),
        (["path,group", "elm/tree9.png,7"], r"has 1 lines that name no image of the data: elm/tree9.png \(line 2\)"),
        (["path,group", "oak/other.png,7", "./oak/other.png,8"], "has 2 lines that name an image that another line"),
        (["path,group", "oak/other.png,"], "has no group for any image"),
    ],
)
def test_a_file_that_can_be_doubted_is_refused(tmp_path, lines, cause):
    with pytest.raises(ZooError, match=cause) as raised:
        named(tmp_path, written(tmp_path, *lines))
    assert (raised.value.exit_code, bool(raised.value.remedy)) == (3, True)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ZooError, match=r"gone\.csv cannot be read: No such file") as raised:
        groups_by(str(tmp_path / "gone.csv"), [Path("x.png")], tmp_path)
    assert raised.value.remedy.startswith("expected a first line path,group")


def test_a_pattern_that_finds_nothing_is_a_usage_error_that_shows_paths(tmp_path):
    with pytest.raises(ZooError, match=r"--group-by '\(cow\)' finds a group in none of 4 paths") as raised:
        named(tmp_path, "(cow)")
    shown = "the paths are such as elm/tree1_a.png, elm/tree1_b.png, oak/tree2_a.png and 1 more"
    assert (raised.value.remedy, raised.value.exit_code) == (shown, 2)
