"""Image folders: `DIR/<class>/…`, or `DIR/{train,val,test}/<class>/…`. Lists files and opens none."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from harness.data.files.printable import listed, shown_path
from harness.data.formats.suffixes import readable, remedy
from results.sanitize import visible
from zoo import LabelledImages, Split, ZooError

PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderScan:
    """What lies in an image folder, and what a person should know about what was left out."""

    images: LabelledImages
    notes: tuple[str, ...] = ()


def scan_folder(root: Path) -> FolderScan:
    """List the labelled images under `root`, sorted. Raises ZooError where there is nothing to train on."""
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise ZooError(f"{shown_path(root)} {what}", _expected(root))
    skipped: Counter[str] = Counter()
    parts = _find_parts(root)
    if "train" not in parts:
        raise ZooError(f"{shown_path(root)} has {listed(parts)} but no train folder", _expected(root))
    files = {part: _class_files(folder, skipped) for part, folder in parts.items()}
    classes = tuple(files["train"])
    _check_classes(root, parts, files, skipped)
    splits = {part: _split(by_class, classes) for part, by_class in files.items()}
    images = LabelledImages(classes=classes, train=splits["train"], val=splits.get("val"), test=splits.get("test"))
    return FolderScan(images=images, notes=_skip_notes(skipped))


def _find_parts(root: Path) -> dict[str, Path]:
    """The folder of each part; a folder of class folders is all `train`.

    A folder named "train" is a part only if it has folders itself, since a train is a fine class of vehicle.
    """
    named = {PARTS[path.name.lower()]: path for path in _folders(root) if path.name.lower() in PARTS}
    if any(_folders(path) for path in named.values()):
        return named
    return {"train": root}


def _folders(root: Path) -> list[Path]:
    with os.scandir(root) as entries:
        names = sorted(entry.name for entry in entries if entry.name[0] != "." and entry.is_dir())
    return [root / name for name in names]


def _class_files(folder: Path, skipped: Counter[str]) -> dict[str, list[Path]]:
    """The image files of each class folder, by class name, both sorted."""
    return {path.name: sorted(_image_files(path, skipped)) for path in _folders(folder)}


def _image_files(folder: Path, skipped: Counter[str]) -> list[Path]:
    """All image files below `folder`. Visits every real folder once, so that symlink loops end."""
    paths: list[Path] = []
    seen: set[tuple[int, int]] = set()
    for at, folders, names in os.walk(folder, followlinks=True):
        status = os.stat(at)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()  # in place, as below: os.walk goes on with what this list then holds
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if name[0] != ".")
        for name in names:
            path = Path(at, name)
            if name[0] != "." and _is_image(path, skipped):
                paths.append(path)
    return paths


def _is_image(path: Path, skipped: Counter[str]) -> bool:
    """Whether to read this file; `is_file` follows links and looks at the kind only, so no pipe is opened."""
    if path.suffix.lower() not in readable():
        skipped[visible(path.suffix) or "no suffix"] += 1
        return False
    if not path.is_file():
        skipped["not regular files"] += 1
        return False
    return True


def _check_classes(
    root: Path, parts: dict[str, Path], files: dict[str, dict[str, list[Path]]], skipped: Counter[str]
) -> None:
    train = files["train"]
    if not train:
        raise ZooError(
            f"{shown_path(root)} has no class folders (found {_num_images(parts['train']):,} images at top level)",
            _expected(root),
        )
    empty = [name for name, paths in train.items() if not paths]
    if empty:
        formats = f"formats read: {' '.join(sorted(readable()))}"
        raise ZooError(
            f"{shown_path(parts['train'])} has class folders without images: {listed(empty)}",
            "; ".join(["put images into them or remove them", formats, *_remedies(skipped)]),
        )
    if len(train) == 1:
        raise ZooError(
            f"{shown_path(root)} has one class only, '{listed(train)}': there is nothing to tell apart",
            _expected(root),
        )
    for part in files.keys() - {"train"}:
        _check_same_classes(part, parts, set(train), set(files[part]))


def _check_same_classes(part: str, parts: dict[str, Path], train: set[str], other: set[str]) -> None:
    if train == other:
        return
    differences = [
        f"only in {name}: {listed(sorted(extra))}"
        for name, extra in (("train", train - other), (part, other - train))
        if extra
    ]
    raise ZooError(
        f"{shown_path(parts['train'])} and {shown_path(parts[part])} differ in classes ({'; '.join(differences)})",
        f"give both the same class folders; a class without {part} images may have an empty one",
    )


def _num_images(folder: Path) -> int:
    with os.scandir(folder) as entries:
        return sum(Path(entry.name).suffix.lower() in readable() for entry in entries)


def _split(by_class: dict[str, list[Path]], classes: tuple[str, ...]) -> Split:
    pairs = [(path, label) for label, name in enumerate(classes) for path in by_class[name]]
    return Split(images=tuple(path for path, _ in pairs), labels=tuple(label for _, label in pairs))


def _skip_notes(skipped: Counter[str]) -> tuple[str, ...]:
    if not skipped:
        return ()
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in skipped.most_common(5))
    more = ", …" if len(skipped) > 5 else ""
    return ("; ".join([f"{skipped.total():,} files were left out: {kinds}{more}", *_remedies(skipped)]),)


def _remedies(skipped: Counter[str]) -> list[str]:
    """What would read files that were left out for their format."""
    return sorted({text for kind in skipped if (text := remedy(kind.lower()))})


def _expected(root: Path) -> str:
    name = shown_path(root)
    return f"expected {name}/{{train,test}}/<class>/*.jpg or {name}/<class>/*.jpg"
