"""Labels in a file: CSV with the columns `path`, relative to the data folder, `label`, and perhaps `split`."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.files.layout.class_folders import refuse_same_names
from harness.data.files.layout.part_names import VAL_OR_TEST, parts_of
from harness.data.files.layout.tree import Folder, LeftOut, Reason
from harness.data.files.printable import listed, shown_path
from harness.data.files.regular import open_regular, reason
from results.sanitize import visible
from zoo import LabelledImages, Split, ZooError

COLUMNS = ("path", "label", "split")
EXPECTED = "expected a first line path,label or path,label,split, and below it a line for each image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the file: an image by its path below the data folder, its label, and the word for its part."""

    line: int
    path: str
    label: str
    split: str


def labelled_by(file: Path, root: Folder, left_out: LeftOut) -> tuple[LabelledImages, list[str]]:
    """The images below `root` that `file` lists, and what else a person should know of it; others are left out.

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
    return _labelled(rows, images, parts, file), notes


def _read(file: Path, root: Path) -> tuple[list[Row], list[str]]:
    try:
        with open_regular(file) as opened:
            # Names of files may be no UTF-8: they pass through as in every other place.
            text = opened.read().decode("utf-8-sig", "surrogateescape")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (OSError, csv.Error) as error:
        raise ZooError(f"{shown_path(file)} cannot be read: {reason(error)}", EXPECTED) from error
    header = [name.strip().lower() for name in lines[0]] if lines else []
    if not {"path", "label"} <= set(header) or len(set(header)) < len(header):
        raise ZooError(f"{shown_path(file)} begins with the columns {listed(header) or '(none)'}", EXPECTED)
    ragged = [number for number, cells in enumerate(lines, 1) if cells and len(cells) != len(header)]
    if ragged:
        raise ZooError(f"{shown_path(file)} has not {len(header)} columns in line {listed(ragged, 3)}", EXPECTED)
    rows = [_row(number, dict(zip(header, cells, strict=True)), root) for number, cells in enumerate(lines, 1) if cells]
    others = [name for name in header if name not in COLUMNS]
    return rows[1:], [f"columns of {visible(file.name)} that are not read: {listed(others, 3)}"] if others else []


def _row(line: int, cells: Mapping[str, str], root: Path) -> Row:
    path = cells["path"].strip()
    below = os.path.relpath(path, root.absolute()) if os.path.isabs(path) else os.path.normpath(path)
    return Row(line=line, path=below, label=cells["label"].strip(), split=cells.get("split", "").strip())


def _check(rows: Sequence[Row], images: Mapping[str, Path], file: Path) -> None:
    times = Counter(row.path for row in rows)
    wrong = {
        "name no image below the data folder that is read": [row for row in rows if row.path not in images],
        "have no label": [row for row in rows if not row.label],
        "name an image that another line names": [row for row in rows if times[row.path] > 1],
    }
    for what, lines in wrong.items():
        if lines:
            names = listed((f"{row.path} (line {row.line})" for row in lines), 3)
            raise ZooError(
                f"{shown_path(file)} has {len(lines):,} lines that {what}: {names}", "correct or remove them"
            )


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
