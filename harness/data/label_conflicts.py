"""One image under two labels: whichever of them is wrong, a model that learns the one is judged by the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.files.file_facts import FileFacts
from harness.data.files.printable import how_many, listed
from harness.data.files.regular import common_folder
from harness.data.files.unreadable import BadFile, files_of, inspect_parts, named, without_rows
from zoo import LabelledImages, ZooError


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A file, and another one of the same bytes that has another label."""

    part: str
    row: int
    path: Path
    other: Path


def conflicts_of(
    files: Mapping[str, Sequence[Path]], labels: Mapping[str, Sequence[int]], identities: Mapping[str, Sequence[str]]
) -> list[Conflict]:
    """All files that occur under two labels, whatever parts they lie in; a file without identity occurs nowhere."""
    if sum(map(len, identities.values())) == len(set().union(*identities.values())):
        return []  # as nearly always, and a million files are soon compared
    first: dict[str, tuple[int, Path]] = {}
    second: dict[str, Path] = {}
    rows = [
        (part, row, identities[part][row], labels[part][row], path)
        for part, paths in files.items()
        for row, path in enumerate(paths)
        if identities[part][row]
    ]
    for _, _, identity, label, path in rows:
        known_label, _ = first.setdefault(identity, (label, path))
        if known_label != label:
            second.setdefault(identity, path)
    return [
        Conflict(
            part=part,
            row=row,
            path=path,
            other=second[identity] if label == first[identity][0] else first[identity][1],
        )
        for part, row, identity, label, path in rows
        if identity in second
    ]


def conflicts_in(images: LabelledImages, facts: Mapping[str, Sequence[FileFacts]]) -> list[Conflict]:
    """The same for files whose facts are known; bad files are none."""
    identities = {part: ["" if fact.problem else fact.sha256 for fact in of_part] for part, of_part in facts.items()}
    files = {part: paths for part, paths in files_of(images).items() if part in facts}
    return conflicts_of(files, {part: images.splits[part].labels for part in files}, identities)


def refuse_conflicts(conflicts: Sequence[Conflict]) -> None:
    """Raise ZooError where an image has two labels, with the first few pairs."""
    if conflicts:
        raise ZooError(
            f"{how_many(len(conflicts), 'image is', 'images are')} there under two labels:"
            f" {listed(pairs_of(conflicts), 3)}",
            "remove the wrong ones, or leave all of them out with --skip-bad",
        )


def without_conflicts(images: LabelledImages) -> tuple[LabelledImages, list[BadFile]]:
    """The images without those that have two labels, and these."""
    conflicts = conflicts_in(images, inspect_parts(files_of(images), thorough=True))
    return without_rows(images, {(found.part, found.row) for found in conflicts}), pairs_of(conflicts)


def conflicts_note(conflicts: Sequence[BadFile]) -> str:
    """What a person is told of images that were left out for their two labels."""
    images = how_many(len(conflicts), "image under two labels was", "images under two labels were")
    return f"{images} left out: {listed(conflicts, 3)}"


def pixels_note(labels: Mapping[str, Sequence[int]], identities: Mapping[str, Sequence[str]]) -> str:
    """What a person is told of images without files whose pixels have two labels, or ""."""
    if sum(map(len, identities.values())) == len(set().union(*identities.values())):
        return ""
    carried: dict[str, set[int]] = {}
    for part in labels:
        for identity, label in zip(identities[part], labels[part], strict=True):
            carried.setdefault(identity, set()).add(label)
    num = sum(len(carried[identity]) > 1 for part in labels for identity in identities[part])
    return f"{how_many(num, 'image has', 'images have')} the pixels of another with another label" if num else ""


def pairs_of(conflicts: Sequence[Conflict]) -> list[BadFile]:
    """Each file, and the other one, by their names below the folder that all of them lie in."""
    if not conflicts:
        return []
    folder = common_folder([path for found in conflicts for path in (found.path, found.other)])
    others = named([(found.other, "") for found in conflicts], folder)
    return named([(found.path, f"also {other.name}") for found, other in zip(conflicts, others, strict=True)], folder)
