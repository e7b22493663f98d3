"""Which folders are the parts of a dataset, by their names and by what lies in them; what can be doubted is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.data.files.layout.part_names import VAL_OR_TEST, is_wrapper, parts_of
from harness.data.files.layout.tree import Folder, LeftOut, Reason, some
from harness.data.files.printable import how_many, listed, shown_path
from zoo import ZooError
from zoo.specs import SPLITS

OUTSIDE = Reason("image outside of class folders", "images outside of class folders")
NOT_NAMED = Reason("image outside of the folders that are named", "images outside of the folders that are named")
SAY = (
    "say what is meant: --train-dir FOLDER, and --val-dir and --test-dir where there are such, each a folder of class"
    " folders; or --labels FILE"
)


@dataclass(slots=True, kw_only=True)
class Layout:
    """The folder of class folders of each part. `guessed` says that nobody named the one of train; `apart` are
    folders of the root that hold no image, `within` the folders in which other than the outermost classes lie."""

    parts: dict[str, Folder]
    guessed: bool
    apart: list[Folder] = field(default_factory=list)
    within: list[Folder] = field(default_factory=list)

    def notes(self, root: Path) -> list[str]:
        """What a person should know of it, with names below `root`."""
        notes = [f"the classes are read from {some([folder.path], root)}" for folder in self.within]
        if self.apart:
            names = some([folder.path for folder in self.apart], root)
            notes.append(f"{how_many(len(self.apart), 'folder holds', 'folders hold')} no image: {names}")
        return notes


def find_parts(root: Folder | None, given: Mapping[str, Folder], left_out: LeftOut) -> Layout:
    """The parts that were `given`, and those that lie in `root`; images that belong to none are counted as left out.

    Raises ZooError where it cannot be known what is what.
    """
    if root is None or "train" in given:
        for path in root.all_images() if root is not None else []:
            left_out.add(NOT_NAMED, path)
        layout = Layout(parts=dict(given), guessed=False)
    else:
        layout = _guessed(root, given, left_out)
    for folder in layout.parts.values():
        for path in folder.images:
            left_out.add(OUTSIDE, path)
    return layout


def _guessed(root: Folder, given: Mapping[str, Folder], left_out: LeftOut) -> Layout:
    at, parts = root, _named_parts(root, given)
    while parts is None and _is_wrapping(at):
        (at,) = at.folders
        parts = _named_parts(at, given)
    layout = Layout(parts=dict(given), guessed=True, within=[at] if at is not root else [])
    if parts is None:
        layout.parts["train"] = at
        return layout
    for path in at.images:
        left_out.add(OUTSIDE, path)
    layout.apart = _without_images(at, list(parts.values()))
    for part, folder in parts.items():
        inner = folder
        while _is_wrapping(inner):
            (inner,) = inner.folders
        layout.parts[part] = inner
        layout.within += [inner] if inner is not folder else []
    return layout


def _named_parts(at: Folder, given: Mapping[str, Folder]) -> dict[str, Folder] | None:
    """The folders in `at` that are called like parts, or None where `at` is a folder of classes.

    A folder named "train" is a part only if it has folders itself, since a train is a fine class of vehicle.
    """
    by_name = {folder.path.name: folder for folder in at.folders}
    named = parts_of(by_name, given)
    called = [by_name[name] for names in named.values() for name in names]
    if not any(folder.folders for folder in called):
        if len(named) > 1:
            raise ZooError(
                f"{_names(called)} in {shown_path(at.path)} hold images but no class folders,"
                " and are no classes by their names",
                SAY,
            )
        return None
    _refuse_doubts(at, named, given)
    flat = [folder for folder in called if not folder.folders]
    if flat:
        raise ZooError(f"{_names(flat)} in {shown_path(at.path)} has no class folders", SAY)
    if "train" not in named:
        raise ZooError(f"{shown_path(at.path)} has {listed(sorted(named))} but no train folder", SAY)
    return {part: by_name[named[part][0]] for part in SPLITS if part in named}


def _refuse_doubts(at: Folder, named: Mapping[str, Sequence[str]], given: Mapping[str, Folder]) -> None:
    """Raise ZooError where two folders may be one part, or one may be two."""
    if VAL_OR_TEST in named:
        raise ZooError(f"{listed(named[VAL_OR_TEST])} in {shown_path(at.path)} may be val or test", SAY)
    for part, names in named.items():
        folders = [*names, *([shown_path(given[part].path)] if part in given else [])]
        if len(folders) > 1:
            raise ZooError(f"{shown_path(at.path)} has {len(folders)} folders for {part}: {listed(folders)}", SAY)


def _without_images(at: Folder, parts: Sequence[Folder]) -> list[Folder]:
    """The folders beside the parts. Raises ZooError where there is an image in one."""
    others = [folder for folder in at.folders if folder not in parts]
    unused = [folder for folder in others if folder.all_images()]
    if unused:
        images = how_many(sum(len(folder.all_images()) for folder in unused), "image", "images")
        raise ZooError(f"{shown_path(at.path)} has {_names(parts)}, and beside them {images} in {_names(unused)}", SAY)
    return others


def _is_wrapping(folder: Folder) -> bool:
    """Whether nothing but another folder of folders lies in it, and that is called as no class would be."""
    if folder.images or len(folder.folders) != 1:
        return False
    inner = folder.folders[0]
    return bool(inner.folders) and is_wrapper(inner.path.name, folder.path.name)


def _names(folders: Sequence[Folder]) -> str:
    return listed((folder.path.name for folder in folders), 3)
