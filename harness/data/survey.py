"""What an image folder holds, counted and measured: `harness check-data` says it, and needs no torch for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.cut import by_row, split
from harness.data.duplicates import ImageIdentities
from harness.data.files.file_facts import FileFacts
from harness.data.files.file_notes import file_notes
from harness.data.files.folder import FolderScan, scan_folder
from harness.data.files.group_names import alone_note
from harness.data.files.printable import how_many, listed, shown_path
from harness.data.files.unreadable import BadFile, Tell, bad_files, files_of, inspect_parts, nobody
from harness.data.label_conflicts import conflicts_in, pairs_of, refuse_conflicts
from harness.data.splits import check_images
from results.sanitize import visible
from zoo import ZooError

CLASSES_LISTED = 10  # of more, only the fewest and the most


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """`facts` as plain data; the `bad` files; and `refusal`, what a run would say of a folder without bad files."""

    facts: Mapping[str, Any]
    bad: Sequence[BadFile] = ()
    refusal: ZooError | None = None


def survey(
    root: Path | None,
    *,
    part_dirs: Mapping[str, Path] | None = None,
    labels: Path | None = None,
    tell: Tell = nobody,
) -> Survey:
    """Decode every file that `scan_folder` finds, and `tell` how many. Raises ZooError where the layout is wrong."""
    scan = scan_folder(root, part_dirs=part_dirs, labels=labels)
    files = files_of(scan.images)
    facts = inspect_parts(files, thorough=True, tell=tell)
    bad = bad_files(files, facts)
    notes, refusal = _rehearsed(scan, files, facts) if not bad else ((), None)
    good = [fact for part in facts.values() for fact in part if not fact.problem]
    described = {
        "folder": ", ".join(shown_path(folder) for folder in (root, *(part_dirs or {}).values()) if folder),
        "images": {part: len(paths) for part, paths in files.items()},
        "classes": _classes(scan),
        "formats": dict(Counter(fact.format for fact in good).most_common()),
        "pixels": _pixels(good),
        "colour": sum(not fact.grey for fact in good),
        "grey": sum(fact.grey for fact in good),
        "copies": len(good) - len({fact.sha256 for fact in good}),
        "two_labels": [str(file) for file in pairs_of(conflicts_in(scan.images, facts))],
        "left_out": list(scan.notes),
        "in_a_run": [*file_notes(files, facts), *notes],
        "unreadable": [{"name": file.name, "problem": file.problem} for file in bad],
    }
    return Survey(facts=described, bad=bad, refusal=refusal)


def as_text(facts: Mapping[str, Any]) -> list[str]:
    """The same for people, a line for each fact."""
    total = sum(facts["images"].values())
    lines = [(part, f"{count:,} images: {_by_class(part, facts)}") for part, count in facts["images"].items()]
    lines.append(("formats", ", ".join(f"{kind} {count:,}" for kind, count in facts["formats"].items())))
    lines.append(("pixels", ", ".join(f"{which} {w}x{h}" for which, (w, h) in facts["pixels"].items())))
    lines.append(("colour", f"{facts['colour']:,} colour, {facts['grey']:,} grey"))
    lines.append(("copies", f"{how_many(facts['copies'], 'file has', 'files have')} the bytes of another"))
    lines += [("note", note) for note in (*facts["left_out"], *facts["in_a_run"])]
    lines += [("labels", pair) for pair in facts["two_labels"]]
    lines += [("bad", f"{file['name']} ({file['problem']})") for file in facts["unreadable"]]
    title = f"{facts['folder']}: {len(facts['classes']):,} classes, {total:,} images"
    return [title, *(f"  {label:<7}  {text}" for label, text in lines)]


def _rehearsed(
    scan: FolderScan, files: Mapping[str, Sequence[Path]], facts: Mapping[str, Sequence[FileFacts]]
) -> tuple[tuple[str, ...], ZooError | None]:
    """What a run would note of these images, or why it would refuse them."""
    known = {part: ImageIdentities(identity=[fact.sha256 for fact in facts[part]], files=files[part]) for part in facts}
    images = scan.images
    try:
        check_images(images)
        refuse_conflicts(conflicts_in(images, facts))
        notes = split(images, 0, {}, known, by_row(scan.groups, images)).notes
        return (*(alone_note(scan.groups, scan.root) if scan.groups is not None else ()), *notes), None
    except ZooError as error:
        return (), error


def _classes(scan: FolderScan) -> dict[str, dict[str, int]]:
    """Images of each class in each part."""
    images = scan.images
    counts = {part: Counter(split.labels) for part, split in images.splits.items()}
    return {
        visible(name): {part: count[label] for part, count in counts.items()}
        for label, name in enumerate(images.classes)
    }


def _pixels(facts: Sequence[FileFacts]) -> dict[str, tuple[int, int]]:
    """Width and height of the smallest image, the one in the middle, and the largest."""
    sizes = sorted(((fact.width, fact.height) for fact in facts), key=lambda size: (size[0] * size[1], size))
    return {"smallest": sizes[0], "median": sizes[len(sizes) // 2], "largest": sizes[-1]} if sizes else {}


def _by_class(part: str, facts: Mapping[str, Any]) -> str:
    counts = {name: by_part[part] for name, by_part in facts["classes"].items()}
    if len(counts) <= CLASSES_LISTED:
        return listed((f"{name} {count:,}" for name, count in counts.items()), CLASSES_LISTED)
    fewest, most = (choose(counts, key=lambda name: counts[name]) for choose in (min, max))
    return f"from {counts[fewest]:,} ({fewest}) to {counts[most]:,} ({most}) a class"
