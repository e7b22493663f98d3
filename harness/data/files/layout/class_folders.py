"""Class folders: their images and labels, once it is sure that each of them is a class."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.data.files.layout.part_names import parts_of
from harness.data.files.layout.parts import SAY, Layout
from harness.data.files.layout.tree import Folder, Tree, some
from harness.data.files.printable import how_many, listed, shown_path
from zoo import LabelledImages, Split, ZooError


def labelled(layout: Layout) -> LabelledImages:
    """The images of every part, sorted, with the names of their class folders as classes."""
    files = {
        part: {below.path.name: below.all_images() for below in folder.folders} for part, folder in layout.parts.items()
    }
    classes = tuple(files["train"])
    splits = {part: _split(by_class, classes) for part, by_class in files.items()}
    return LabelledImages(classes=classes, train=splits["train"], val=splits.get("val"), test=splits.get("test"))


def check_classes(layout: Layout, expected: str, formats: str) -> None:
    """Raise ZooError where the folders in each part can hardly be meant as classes.

    `expected` shows a good layout, `formats` says what is read.
    """
    train = layout.parts["train"]
    root = shown_path(train.path)
    if not train.folders:
        raise ZooError(f"{root} has no class folders (found {len(train.images):,} images at top level)", expected)
    for folder in layout.parts.values():
        refuse_same_names([below.path.name for below in folder.folders], f"{shown_path(folder.path)} has class folders")
    for part, folder in layout.parts.items():
        if part != "train":
            _check_same_classes(part, folder, train)
    empty = [below.path.name for below in train.folders if not below.all_images()]
    if empty:
        raise ZooError(
            f"{root} has class folders without images: {listed(empty)}",
            f"put images into them or remove them; {formats}",
        )
    if len(train.folders) == 1:
        only = train.folders[0]
        inner = f"; or say what is meant: --data-dir {shown_path(only.path)}" if only.folders else ""
        raise ZooError(
            f"{root} has one class only, '{listed([only.path.name])}': there is nothing to tell apart", expected + inner
        )
    for folder in layout.parts.values():
        if layout.guessed:
            _refuse_deeper_classes(folder)
        else:
            _refuse_parts(folder)


def deeper_notes(layout: Layout, root: Path) -> list[str]:
    """What a person should know of images that lie deeper than class folders do, and of classes without any."""
    notes = []
    within = [below for part in layout.parts.values() for label in part.folders for below in _below(label)]
    if within:
        num = sum(len(below.images) for below in within)
        names = some([below.path for below in within], root)
        notes.append(f"{how_many(num, 'image counts', 'images count')} to the class folder around their own: {names}")
    for part, folder in layout.parts.items():
        empty = [below.path.name for below in folder.folders if not below.all_images()]
        if empty:
            notes.append(
                f"{part} has no images of {len(empty):,} of {len(folder.folders):,} classes: {listed(empty, 3)}"
            )
    return notes


def again_note(tree: Tree, layout: Layout | None, root: Path) -> list[str]:
    """What a person should know of links to folders that are read already.

    Raises ZooError where such a link would make one folder two classes, or two parts.
    """
    doubtful = [f"{some([link], root)} is {some([target.path], root)}" for link, target in _doubtful(tree, layout)]
    if doubtful:
        raise ZooError(
            f"{how_many(len(doubtful), 'link leads', 'links lead')} to what is read already: {listed(doubtful, 3)}",
            "remove them: one folder cannot be two classes or two parts",
        )
    links = how_many(len(tree.again), "link to a folder that is", "links to folders that are")
    return [f"{links} read already: {some([link for link, _ in tree.again], root)}"] if tree.again else []


def _doubtful(tree: Tree, layout: Layout | None) -> list[tuple[Path, Folder]]:
    """The links that lie in one class and lead into another, or that lie where a class or a part would."""
    if layout is None:
        return []
    classes = [label for folder in layout.parts.values() for label in folder.folders]
    owners = {below.path: label for label in classes for below in label.walk()}
    parts = {folder.path for folder in layout.parts.values()}
    doubtful = []
    for link, target in tree.again:
        owner = owners.get(link.parent)
        outside = owner is None and (layout.guessed or link.parent in parts)
        # A link to what lies around it, as most circles are, repeats nothing.
        if outside or (owner is not None and owners.get(target.path, owner) is not owner):
            doubtful.append((link, target))
    return doubtful


def refuse_same_names(names: Iterable[str], what: str) -> None:
    """Raise ZooError for names that are equal but for case, spaces or Unicode form: no two classes are meant."""
    known: dict[str, list[str]] = {}
    for name in names:
        known.setdefault(_folded(name), []).append(name)
    same = [" = ".join(_told_apart(alike)) for alike in known.values() if len(alike) > 1]
    if same:
        raise ZooError(
            f"{what} with names that are equal but for case, spaces or Unicode form: {listed(same, 3)}",
            "make one of them, or give them names that differ",
        )


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def _told_apart(names: Sequence[str]) -> list[str]:
    """Names that can be told apart where they are read: in ASCII where they would look alike."""
    alike = len({unicodedata.normalize("NFKC", name) for name in names}) < len(names)
    return [ascii(name) if alike else repr(name) for name in names]


def _refuse_deeper_classes(part: Folder) -> None:
    """Raise ZooError where the folders below the class folders rather look like the classes."""
    hollow = [label for label in part.folders if not label.images and label.all_images()]
    if hollow:
        names = [f"{label.path.name} ({listed((below.path.name for below in label.folders), 3)})" for label in hollow]
        raise ZooError(
            f"{len(hollow):,} of {len(part.folders):,} class folders in {shown_path(part.path)} hold no images of"
            f" their own, only folders: {listed(names, 3)}",
            SAY,
        )
    inside = [{below.path.name for below in label.folders} for label in part.folders if label.all_images()]
    if len(inside) > 1 and inside[0] and all(names == inside[0] for names in inside):
        raise ZooError(
            f"all class folders in {shown_path(part.path)} hold the same folders: {listed(sorted(inside[0]), 3)}", SAY
        )


def _refuse_parts(part: Folder) -> None:
    """Raise ZooError where a folder that was named holds the parts themselves."""
    called = parts_of(below.path.name for below in part.folders if below.folders)
    if len(called) > 1:
        names = listed(sorted(name for names in called.values() for name in names))
        raise ZooError(f"{shown_path(part.path)} was named as one part, but holds {names}", SAY)


def _check_same_classes(part: str, folder: Folder, train: Folder) -> None:
    of_train, of_part = ({below.path.name for below in where.folders} for where in (train, folder))
    if of_train == of_part:
        return
    both = f"{shown_path(train.path)} and {shown_path(folder.path)}"
    refuse_same_names(of_train | of_part, f"{both} have class folders")
    differences = [
        f"only in {name}: {listed(sorted(extra))}"
        for name, extra in (("train", of_train - of_part), (part, of_part - of_train))
        if extra
    ]
    raise ZooError(
        f"{both} differ in classes ({'; '.join(differences)})",
        f"give both the same class folders; a class without {part} images may have an empty one",
    )


def _below(label: Folder) -> list[Folder]:
    return [below for below in label.walk() if below is not label and below.images]


def _split(by_class: Mapping[str, Sequence[Path]], classes: Sequence[str]) -> Split:
    pairs = [(path, label) for label, name in enumerate(classes) for path in by_class[name]]
    return Split(images=tuple(path for path, _ in pairs), labels=tuple(label for _, label in pairs))
