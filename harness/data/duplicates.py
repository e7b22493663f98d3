"""Images that occur twice: a test image that was also trained on judges nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.files.printable import how_many, listed
from harness.data.files.regular import common_folder
from harness.data.splits import Part, SplitPlan
from zoo import ZooError

# One, and several.
IMAGE = "image that occurs", "images that occur"
IMAGE_OF_GROUP = "image of a group that occurs", "images of groups that occur"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageIdentities:
    """The images of one pool: a value for each, equal for equal images, and their files where there are files."""

    identity: Sequence[str]
    files: Sequence[Path] = ()


def without_copies(
    plan: SplitPlan, pools: Mapping[str, ImageIdentities], *, grouped: bool = False
) -> tuple[SplitPlan, tuple[str, ...]]:
    """The plan without test images in train and val and without val images in train, and a note for each removal.

    `grouped` says that the identities are of groups: then it is without images of the groups that test has.
    """
    what = IMAGE_OF_GROUP if grouped else IMAGE
    test = _values(plan.test, pools)
    val, note_val = _minus(plan.val, pools, test, ("val", "test"), what)
    train, note_test = _minus(plan.train, pools, test, ("train", "test"), what)
    train, note_train = _minus(train, pools, _values(val, pools), ("train", "val"), what)
    notes = tuple(note for note in (note_test, note_val, note_train) if note)
    return SplitPlan(train=train, val=val, test=plan.test), notes


def _values(part: Part, pools: Mapping[str, ImageIdentities]) -> set[str]:
    identity = pools[part.pool].identity
    return {identity[row] for row in part.rows}


def _minus(
    part: Part, pools: Mapping[str, ImageIdentities], unwanted: set[str], names: tuple[str, str], what: tuple[str, str]
) -> tuple[Part, str]:
    pool = pools[part.pool]
    removed = {row for row in part.rows if pool.identity[row] in unwanted}
    if not removed:
        return part, ""
    kept = [row for row in part.rows if row not in removed]
    name, other = names
    if not kept:
        cause = f"every {name} {what[0]} in {other}".replace(" that occurs", " also occurs")
        raise ZooError(cause, f"give {name} images that {other} does not have")
    return Part(pool=part.pool, rows=kept), _note(pool, removed, names, what)


def _note(pool: ImageIdentities, removed: set[int], names: tuple[str, str], what: tuple[str, str]) -> str:
    name, other = names
    images = how_many(len(removed), *(f"{name} {words}" for words in what))
    said = f"{images} in {other} too {'was' if len(removed) == 1 else 'were'} left out"
    if not pool.files:
        return said
    root = common_folder(pool.files)
    return f"{said}: {listed([os.path.relpath(pool.files[row].absolute(), root) for row in sorted(removed)], 3)}"
