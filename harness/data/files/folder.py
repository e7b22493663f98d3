"""Image folders: `DIR/<class>/…`, or `DIR/{train,val,test}/<class>/…`, or as they are named. Opens no image."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from harness.data.files.layout.class_folders import again_note, check_classes, deeper_notes, labelled
from harness.data.files.layout.label_file import labelled_by
from harness.data.files.layout.parts import find_parts
from harness.data.files.layout.tree import Tree, read_tree, some
from harness.data.files.printable import how_many, shown_path
from harness.data.files.regular import common_folder
from harness.data.formats.suffixes import readable
from zoo import LabelledImages, ZooError
from zoo.errors import USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderScan:
    """What lies in an image folder, and what a person should know about what was left out.

    Paths are named below `root`. `groups` is the group of each image where a file of labels says it, "" for none.
    """

    images: LabelledImages
    root: Path
    notes: tuple[str, ...] = ()
    groups: Mapping[Path, str] | None = None


def scan_folder(
    root: Path | None, *, part_dirs: Mapping[str, Path] | None = None, labels: Path | None = None
) -> FolderScan:
    """List the labelled images below `root`, sorted: each is used, or counted in a note.

    `part_dirs` are the folders of class folders of "train", "val" and "test" where they are named; `labels` is a file
    that names images below `root` and what they show. Raises ZooError where there is nothing to train on, and where
    it can be doubted what is meant.
    """
    given = dict(part_dirs or {})
    _check_asked(root, given, labels)
    for folder in (root, *given.values()):
        if folder is not None:
            _require_folder(folder)
    if root is not None and "train" in given and os.path.samefile(root, given["train"]):
        root = None  # it was only said twice
    _refuse_equal({"data": root, **given} if root is not None else given)
    folders = [*([root] if root is not None else []), *given.values()]
    tree = read_tree(folders, readable(), apart=[labels] if labels else [])
    below = root or Path(common_folder([folder / "_" for folder in given.values()]))
    groups = None
    if labels is not None:
        listed = labelled_by(labels, tree.roots[0], tree.left_out)
        images, groups, notes = listed.images, listed.groups, [*listed.notes, *again_note(tree, None, below)]
    else:
        images, notes = _by_folders(tree, root, given, below)
    notes += [*_closed_note(tree, below), *tree.left_out.notes(below)]
    return FolderScan(images=images, root=below, notes=tuple(notes), groups=groups)


def _by_folders(
    tree: Tree, root: Path | None, given: Mapping[str, Path], below: Path
) -> tuple[LabelledImages, list[str]]:
    top = tree.roots[0] if root is not None else None
    parts = dict(zip(given, tree.roots if top is None else tree.roots[1:], strict=True))
    layout = find_parts(top, parts, tree.left_out)
    again = again_note(tree, layout, below)
    formats = "; ".join([f"formats read: {' '.join(sorted(readable()))}", *tree.left_out.remedies()])
    check_classes(layout, _expected(layout.parts["train"].path), formats)
    return labelled(layout), [*layout.notes(below), *deeper_notes(layout, below), *again]


def _check_asked(root: Path | None, given: Mapping[str, Path], labels: Path | None) -> None:
    if labels is not None and given:
        flag = f"--{next(iter(given))}-dir"
        raise ZooError(f"--labels and {flag} exclude each other", "say parts in a column `split` of the file", USAGE)
    if labels is not None and root is None:
        raise ZooError("--labels names files below --data-dir, which is missing", "give --data-dir FOLDER", USAGE)
    if root is None and "train" not in given:
        raise ZooError(f"--{next(iter(given), 'val')}-dir goes with training images", "give --train-dir FOLDER", USAGE)


def _require_folder(path: Path) -> None:
    if not os.path.isdir(path):
        what = "is not a folder" if os.path.exists(path) else "does not exist"
        raise ZooError(f"{shown_path(path)} {what}", _expected(path))


def _refuse_equal(given: Mapping[str, Path]) -> None:
    for one, other in combinations(given, 2):
        if os.path.samefile(given[one], given[other]):
            raise ZooError(f"--{one}-dir and --{other}-dir are one folder, {shown_path(given[one])}", "give two", USAGE)


def _closed_note(tree: Tree, below: Path) -> list[str]:
    folders = how_many(len(tree.closed), "hidden folder", "hidden folders")
    return [f"{folders} cannot be looked into: {some(tree.closed, below)}"] if tree.closed else []


def _expected(root: Path) -> str:
    name = shown_path(root)
    return f"expected {name}/{{train,test}}/<class>/*.jpg or {name}/<class>/*.jpg"
