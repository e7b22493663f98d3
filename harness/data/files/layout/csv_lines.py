"""Files that say something of images: CSV with a line for each, whose column `path` is relative to the data folder."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.files.printable import listed, shown_path
from harness.data.files.regular import open_regular, reason
from zoo import ZooError


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the file: an image by its path below the data folder, and its cells by column."""

    number: int
    path: str
    cells: Mapping[str, str]

    def cell(self, column: str) -> str:
        """The text in that column, "" where the file has no such column."""
        return self.cells.get(column, "").strip()


def read_lines(file: Path, root: Path, needed: Collection[str], expected: str) -> tuple[list[str], list[Line]]:
    """The columns of the file, and its lines. Raises ZooError where it has not those that are `needed`."""
    try:
        with open_regular(file) as opened:
            # Names of files may be no UTF-8: they pass through as in every other place.
            text = opened.read().decode("utf-8-sig", "surrogateescape")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (OSError, csv.Error) as error:
        raise ZooError(f"{shown_path(file)} cannot be read: {reason(error)}", expected) from error
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if not set(needed) <= set(header) or len(set(header)) < len(header):
        raise ZooError(f"{shown_path(file)} begins with the columns {listed(header) or '(none)'}", expected)
    ragged = [number for number, cells in enumerate(rows, 1) if cells and len(cells) != len(header)]
    if ragged:
        raise ZooError(f"{shown_path(file)} has not {len(header)} columns in line {listed(ragged, 3)}", expected)
    lines = [
        _line(number, dict(zip(header, cells, strict=True)), root) for number, cells in enumerate(rows, 1) if cells
    ]
    return header, lines[1:]


def _line(number: int, cells: Mapping[str, str], root: Path) -> Line:
    path = cells["path"].strip()
    below = os.path.relpath(path, root.absolute()) if os.path.isabs(path) else os.path.normpath(path)
    return Line(number=number, path=below, cells=cells)


def again_named(lines: Sequence[Line]) -> list[Line]:
    """The lines that name an image which another line names."""
    times = Counter(line.path for line in lines)
    return [line for line in lines if times[line.path] > 1]


def refuse_lines(file: Path, wrong: Mapping[str, Sequence[Line]]) -> None:
    """Raise ZooError for the first kind of `wrong` lines that there are."""
    for what, lines in wrong.items():
        if lines:
            names = listed((f"{line.path} (line {line.number})" for line in lines), 3)
            raise ZooError(
                f"{shown_path(file)} has {len(lines):,} lines that {what}: {names}", "correct or remove them"
            )
