"""The images that a person names, to be looked at as they are: files, folders of them, and lists of paths on stdin."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.data.files.layout.tree import read_tree
from harness.data.files.printable import shown_path
from harness.data.formats.suffixes import readable
from zoo import ZooError

STDIN = "-"


def image_paths(names: Sequence[str], read_stdin: Callable[[], bytes]) -> tuple[list[Path], list[str]]:
    """The files in the order in which they are named, a folder's sorted, and notes on what of folders is left out.

    `-` stands for the paths that `read_stdin` gives, one a line, or with NUL between them as `find -print0` writes. A
    file is taken whatever its name; that it is missing is an error only where it was typed. Raises ZooError.
    """
    paths: list[Path] = []
    notes: list[str] = []
    for name in names:
        if name != STDIN and not os.path.lexists(name):
            raise ZooError(f"{shown_path(Path(name))} does not exist", "name image files or folders, or - for a list")
        for one in _listed(read_stdin()) if name == STDIN else [name]:
            if os.path.isdir(one):
                images, said = _below(Path(one))
                paths += images
                notes += said
            else:
                paths.append(Path(one))
    return paths, notes


def _listed(content: bytes) -> list[str]:
    separator = b"\0" if b"\0" in content else b"\n"
    names = [os.fsdecode(line.removesuffix(b"\r")) for line in content.split(separator)]
    if not any(names):
        raise ZooError("no path came on stdin", "give one a line: find leaves -name '*.jpg' | harness predict - …")
    return [name for name in names if name]


def _below(folder: Path) -> tuple[list[Path], Sequence[str]]:
    """All images below a folder, by the rules of a run's own folders, and notes on the other files."""
    tree = read_tree([folder], readable())
    images, notes = tree.roots[0].all_images(), tree.left_out.notes(folder)
    if not images:
        why = f" ({'; '.join(notes)})" if notes else ""
        formats = "; ".join([f"formats read: {' '.join(sorted(readable()))}", *tree.left_out.remedies()])
        raise ZooError(f"{shown_path(folder)} has no images{why}", formats)
    return images, notes
