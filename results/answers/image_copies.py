"""Copies of test images in a folder, named after what is wrong with them."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from results.answers.asked import NO_DATA, Unanswerable
from results.answers.hard import HardImage, HardImages
from results.errors import StoreError
from results.sanitize import plain
from results.store.atomic import make_folder
from results.store.image_names import ImageNames

MOST_BYTES = 60  # of each part of a name: three of them and their signs are within what any file system takes


def copy_images(found: HardImages, images: Sequence[HardImage], folder: Path) -> list[str]:
    """Copy the files of `images` into `folder`, which is new or empty; returns the paths of those that are gone.

    Names begin with a running number and have the class of the label and the one that it was taken for. Raises
    Unanswerable where there are no files, or none of them is there; StoreError where a copy cannot be written.
    """
    names = _files_of(found)
    _require_empty(folder)
    if not images:
        return []
    make_folder(folder)
    missing = []
    for target, image in _targets(found, names, images):
        source = Path(names.folder, str(names.images[image.row]))
        if not _copied(source, folder / target):
            missing.append(str(source))
    if missing and len(missing) == len(images):
        cause = f"none of the {len(images)} images is there any more: {plain(missing[0])}"
        raise Unanswerable(cause, "put them back where they were, or leave --copy out", NO_DATA)
    return missing


def _files_of(found: HardImages) -> ImageNames:
    if found.names is None:
        cause = f"run {plain(found.run)} was made by an earlier version, which kept no names of its test images"
        remedy = "leave --copy out, or let the names be written: harness resume RUN"
        raise Unanswerable(cause, remedy, NO_DATA)
    if not found.names.are_files:
        raise Unanswerable("the images of this run are no files but a plugin's tensor", "leave --copy out", NO_DATA)
    return found.names


def _require_empty(folder: Path) -> None:
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise Unanswerable(f"{plain(folder)} is no folder", "name another, which is new or empty")
    if any(folder.iterdir()):
        raise Unanswerable(f"{plain(folder)} is not empty, and nothing in it is overwritten", "name another folder")


def _targets(found: HardImages, names: ImageNames, images: Sequence[HardImage]) -> Iterator[tuple[str, HardImage]]:
    """`01_3_taken-for_8_photo.png`."""
    digits = len(str(len(images)))
    for number, image in enumerate(images, start=1):
        stem, suffix = os.path.splitext(os.path.basename(str(names.images[image.row])))
        true, taken = (found.class_name(index) for index in (image.label, image.taken_for))
        parts = [_part(true or ""), "taken-for", _part(taken or "nothing"), _part(stem)]
        yield f"{number:0{digits}}_{'_'.join(parts)}{_suffix(suffix)}", image


def _part(text: str) -> str:
    """What every system takes in a file name: letters and digits of any script, and a few signs; never nothing."""
    kept = "".join(char if char.isalnum() or char in "-." else "-" for char in plain(text)).strip("-.")
    return kept.encode()[:MOST_BYTES].decode(errors="ignore") or "unnamed"


def _suffix(suffix: str) -> str:
    return f".{_part(suffix[1:])}" if suffix[1:] else ""


def _copied(source: Path, target: Path) -> bool:
    """Whether the file was there. No pipe is waited for, and nothing is written over. Raises StoreError."""
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError):  # the latter for a path that none can be
        return False
    with os.fdopen(handle, "rb") as content:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        try:
            with open(target, "xb") as copy:
                shutil.copyfileobj(content, copy)
        except OSError as error:
            cause = f"{plain(target)} cannot be written: {error.strerror}"
            raise StoreError(cause, "make room, or name another folder") from error
    return True
