"""Bad image files: all of them named at once, before anything is trained on the others, or left out.

Decoding costs more than anything else that is done to files, so a run does it once: in the moment in which it makes
and keeps the pixels of its first model, which precedes the first training step. A file that fails there ends the run.
Headers are looked at earlier, when the dataset is opened. Every pixel is decoded beforehand, once, the answer kept by
path, size and time of change, where that cannot wait: for `--skip-bad`, since files must go before images are split;
for data that fit nowhere and are decoded anew in each epoch; for `harness check-data`; and once anything is known to
be bad, so that the list is complete.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.data.files.file_facts import FileFacts, inspect_files
from harness.data.files.printable import how_many, listed
from harness.data.files.regular import common_folder
from results.sanitize import visible
from zoo import LabelledImages, Split, ZooError

Tell = Callable[[str, int, int], None]


def nobody(part: str, done: int, total: int) -> None:
    """Who wants to know how far it is, where nobody does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadFile:
    """`name` is the path below the folder that all images lie in, as printable text."""

    name: str
    problem: str

    def __str__(self) -> str:
        return f"{self.name} ({self.problem})"


class UnreadableFiles(ZooError):
    """All files that cannot be read, as one error. It belongs to the data, in whatever phase it comes up."""

    phase = "data"

    def __init__(self, bad: Sequence[BadFile], folder: str) -> None:
        super().__init__(
            f"{len(bad):,} {'image' if len(bad) == 1 else 'images'} cannot be read: {listed(bad, 3)}",
            f"fix or remove them (all are listed by: harness check-data {visible(shlex.quote(folder))}),"
            " or leave them out with --skip-bad",
        )
        self.bad = tuple(bad)


def files_of(images: LabelledImages) -> dict[str, list[Path]]:
    """The files of each part that has files."""
    # A tensor, which has a dtype, is not looked for by its class: `check-data` loads no torch.
    of_files = {name: split for name, split in images.splits.items() if not hasattr(split.images, "dtype")}
    return {name: [Path(path) for path in split.images] for name, split in of_files.items()}


def require_readable(
    files: Mapping[str, Sequence[Path]], *, thorough: bool = False, tell: Tell = nobody
) -> dict[str, list[FileFacts]]:
    """The facts of each part's files. Raises UnreadableFiles for all bad files of all parts."""
    facts = inspect_parts(files, thorough=thorough, tell=tell)
    if bad_files(files, facts):
        raise UnreadableFiles(bad_files(files, inspect_parts(files, thorough=True)), _root(files))
    return facts


def inspect_parts(
    files: Mapping[str, Sequence[Path]], *, thorough: bool, tell: Tell = nobody
) -> dict[str, list[FileFacts]]:
    """The facts of each part's files, whatever they are; `tell` gets how many of a part have been looked at."""
    return {
        name: inspect_files(paths, thorough=thorough, tell=partial(tell, name))
        for name, paths in files.items()
        if paths
    }


def bad_files(files: Mapping[str, Sequence[Path]], facts: Mapping[str, Sequence[FileFacts]]) -> list[BadFile]:
    """The files with a problem, in order."""
    pairs = [pair for name in facts for pair in zip(files[name], facts[name], strict=True) if pair[1].problem]
    return named([(path, fact.problem) for path, fact in pairs], _root(files)) if pairs else []


def named(problems: Sequence[tuple[Path, str]], folder: str) -> list[BadFile]:
    """Files and what is wrong with them, by their names below `folder`."""
    return [
        BadFile(name=visible(os.path.relpath(path.absolute(), folder)), problem=visible(problem))
        for path, problem in problems
    ]


def without_bad(images: LabelledImages, tell: Tell = nobody) -> tuple[LabelledImages, list[BadFile]]:
    """The images without the files that cannot be decoded, and these files."""
    files = files_of(images)
    facts = inspect_parts(files, thorough=True, tell=tell)
    bad = bad_files(files, facts)
    if not bad:
        return images, []
    unwanted = {(part, row) for part in facts for row, fact in enumerate(facts[part]) if fact.problem}
    return without_rows(images, unwanted), bad


def left_out_note(bad: Sequence[BadFile]) -> str:
    """What a person is told of skipped files."""
    images = how_many(len(bad), "image that cannot be read was", "images that cannot be read were")
    return f"{images} left out: {listed(bad, 3)}"


def without_rows(images: LabelledImages, unwanted: Collection[tuple[str, int]]) -> LabelledImages:
    """The images without some files: each by its part and its row there."""
    kept: dict[str, Any] = {}
    for part in {part for part, _ in unwanted}:
        split = getattr(images, part)
        rows = [row for row in range(len(split)) if (part, row) not in unwanted]
        kept[part] = Split(images=[split.images[row] for row in rows], labels=[split.labels[row] for row in rows])
    return replace(images, **kept)


def _root(files: Mapping[str, Sequence[Path]]) -> str:
    return common_folder([path for paths in files.values() for path in paths])
