"""Labels in a file: CSV with the columns `path`, relative to the data folder, `label`, and perhaps `split`, `group`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.files.layout.class_folders import refuse_same_names
from harness.data.files.layout.csv_lines import Line, again_named, read_lines, refuse_lines
from harness.data.files.layout.part_names import VAL_OR_TEST, parts_of
from harness.data.files.layout.tree import Folder, LeftOut, Reason
from harness.data.files.printable import listed, shown_path
from results.sanitize import visible
from zoo import LabelledImages, Split, ZooError

COLUMNS = ("path", "label", "split", "group")
EXPECTED = "expected a first line path,label[,split][,group], and below it a line for each image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the file: an image, its label, and the word for its part."""

    line: Line
    label: str
    split: str

    @property
    def path(self) -> str:
        return self.line.path


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """The images that a file lists; their `groups`, where it has that column; and what a person should know of it."""

    images: LabelledImages
    groups: Mapping[Path, str] | None
    notes: Sequence[str]


def labelled_by(file: Path, root: Folder, left_out: LeftOut) -> LabelFile:
    """The images below `root` that `file` lists; others are left out.

    Raises ZooError for all lines at once that name no image, or that can be doubted.
    """
    rows, notes = _read(file, root.path)
    images = {str(path.relative_to(root.path)): path for path in root.all_images()}
    _check(rows, images, file)
    parts = _parts(rows, file)
    refuse_same_names({row.label for row in rows}, f"{shown_path(file)} has labels")
    named, shown = {row.path for row in rows}, visible(file.name)
    for name, path in images.items():
        if name not in named:
            left_out.add(Reason(f"image that {shown} does not list", f"images that {shown} does not list"), path)
    groups = {images[row.path]: row.line.cell("group") for row in rows}
    return LabelFile(
        images=_labelled(rows, images, parts, file),
        groups=groups if rows and "group" in rows[0].line.cells else None,
        notes=notes,
    )


def _read(file: Path, root: Path) -> tuple[list[Row], list[str]]:
    header, lines = read_lines(file, root, ("path", "label"), EXPECTED)
    others = [name for name in header if name not in COLUMNS]
    rows = [Row(line=line, label=line.cell("label"), split=line.cell("split")) for line in lines]
    return rows, [f"columns of {visible(file.name)} that are not read: {listed(others, 3)}"] if others else []


def _check(rows: Sequence[Row], images: Mapping[str, Path], file: Path) -> None:
    lines = [row.line for row in rows]
    wrong = {
        "name no image below the data folder that is read": [line for line in lines if line.path not in images],
        "have no label": [row.line for row in rows if not row.label],
        "name an image that another line names": again_named(lines),
    }
    refuse_lines(file, wrong)


def _parts(rows: Sequence[Row], file: Path) -> dict[str, str]:
    """The part that each word in the column `split` stands for."""
    words = list(dict.fromkeys(row.split for row in rows))
    if not any(words):
        return {"": "train"}
    named = parts_of(words)
    parts = {word: part for part, alike in named.items() for word in alike if len(alike) == 1}
    unknown = [repr(word) for word in words if parts.get(word, VAL_OR_TEST) == VAL_OR_TEST]
    if unknown:
        cause = f"{shown_path(file)} has splits that are not known, or two words for one: {listed(unknown)}"
        raise ZooError(cause, "call them train, val and test")
    return parts


def _labelled(rows: Sequence[Row], images: Mapping[str, Path], parts: Mapping[str, str], file: Path) -> LabelledImages:
    labels = {part: {row.label for row in rows if parts[row.split] == part} for part in parts.values()}
    train = labels.get("train", set())
    if len(train) < 2:
        cause = f"{shown_path(file)} has {len(train)} classes of training images: there is nothing to tell apart"
        raise ZooError(cause, EXPECTED)
    strange = [label for label in sorted(set().union(*labels.values())) if label not in train]
    if strange:
        cause = f"{shown_path(file)} has labels that no training image carries: {listed(strange)}"
        raise ZooError(cause, "give training images of them, or remove these lines")
    classes = tuple(sorted(train))
    number = {name: label for label, name in enumerate(classes)}
    listed_images: dict[str, list[tuple[int, Path]]] = {part: [] for part in parts.values()}
    for row in rows:
        listed_images[parts[row.split]].append((number[row.label], images[row.path]))
    splits = {part: _split(sorted(pairs)) for part, pairs in listed_images.items()}
    return LabelledImages(classes=classes, train=splits["train"], val=splits.get("val"), test=splits.get("test"))


def _split(pairs: Sequence[tuple[int, Path]]) -> Split:
    return Split(images=tuple(path for _, path in pairs), labels=tuple(label for label, _ in pairs))
