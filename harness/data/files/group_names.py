"""Which group an image belongs to - an animal, a patient, a place - by its path, or by a file that says so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.data.files.layout.csv_lines import again_named, read_lines, refuse_lines
from harness.data.files.printable import how_many, listed, shown_path
from zoo import ZooError
from zoo.errors import USAGE

EXPECTED = "expected a first line path,group, and below it a line for each image"


def groups_by(group_by: str, paths: Sequence[Path], root: Path) -> dict[Path, str]:
    """The group of each of `paths`, "" where it has none; `group_by` is a pattern or a .csv file.

    A pattern is searched for in the path below `root`, with `/` between folders on every system. Raises ZooError where
    it finds nothing at all, and for a file that cannot be read or names what is no image.
    """
    below = {path: Path(os.path.relpath(path.absolute(), root.absolute())).as_posix() for path in paths}
    if group_by.lower().endswith(".csv"):
        return _by_file(Path(group_by), root, below)
    return _by_pattern(re.compile(group_by), below)


def alone_note(groups: Mapping[Path, str], root: Path) -> Iterator[str]:
    """What a person should know of images that no group was found for."""
    alone = [path for path, group in groups.items() if not group]
    if alone:
        images = how_many(len(alone), "image has no group and is one", "images have no group and are one each")
        yield f"{images}: {listed((os.path.relpath(path.absolute(), root.absolute()) for path in alone), 3)}"


def _by_pattern(pattern: re.Pattern[str], below: Mapping[Path, str]) -> dict[Path, str]:
    group = "group" if "group" in pattern.groupindex else 1
    found = {path: pattern.search(name) for path, name in below.items()}
    groups = {path: (match[group] or "") if match else "" for path, match in found.items()}
    if not any(groups.values()):
        cause = f"--group-by '{pattern.pattern}' finds a group in none of {len(below):,} paths"
        raise ZooError(cause, f"the paths are such as {listed(below.values(), 3)}", USAGE)
    return groups


def _by_file(file: Path, root: Path, below: Mapping[Path, str]) -> dict[Path, str]:
    _, lines = read_lines(file, root, ("path", "group"), EXPECTED)
    known = set(below.values())
    wrong = {
        "name no image of the data": [line for line in lines if Path(line.path).as_posix() not in known],
        "name an image that another line names": again_named(lines),
    }
    refuse_lines(file, wrong)
    by_name = {Path(line.path).as_posix(): line.cell("group") for line in lines}
    groups = {path: by_name.get(name, "") for path, name in below.items()}
    if not any(groups.values()):
        raise ZooError(f"{shown_path(file)} has no group for any image", EXPECTED)
    return groups
