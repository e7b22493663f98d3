"""Images that every trial missed: a line for each, and the same as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from results.answers.hard import HardImage, HardImages
from results.sanitize import name, visible
from results.tables.number_format import counted
from results.tables.text import aligned, listed

HEADINGS = ("", "image", "class", "taken for", "p(taken for) %", "p(class) %")
RIGHT = (0, 4, 5)
MOST_VOTES = 3
SUSPECT = "◆"


def lines(found: HardImages, most: int) -> list[str]:
    """The first `most` of them, or with 0 all, and what the columns mean."""
    shown = found.images[: most or None]
    said = [headline(found)]
    if shown:
        rows = [[f"{at}", *_row(found, image)] for at, image in enumerate(shown, start=1)]
        said += ["", *aligned([HEADINGS, *rows], right=RIGHT), "", *_meaning(found, shown)]
    if len(shown) < len(found.images):
        more = len(found.images) - len(shown)
        said.append(f"{counted(more, 'more image')} {'is' if more == 1 else 'are'} not shown: --top 0 shows all")
    return said


def copied(found: HardImages, most: int, folder: Path, missing: Sequence[str]) -> list[str]:
    """What became of copies of those shown."""
    count = len(found.images[: most or None]) - len(missing)
    said = [f"{counted(count, 'image')} copied into {visible(str(folder))}"]
    if missing:
        said.append(
            f"{counted(len(missing), 'image')} not there any more: {listed([visible(path) for path in missing])}"
        )
    return said


def data(found: HardImages, most: int) -> dict[str, Any]:
    """The same as plain data; probabilities between 0 and 1."""
    return {
        "run": found.run,
        "models": list(found.models),
        "seeds": list(found.seeds),
        "num_trials": found.num_trials,
        "num_test_images": found.num_images,
        "num_missed_by_all": len(found.images),
        "folder": found.names.folder if found.names and found.names.are_files else None,
        "images": [_data(found, image) for image in found.images[: most or None]],
    }


def _data(found: HardImages, image: HardImage) -> dict[str, Any]:
    names = found.names
    return {
        "row": image.row,
        "file": str(names.images[image.row]) if names and names.are_files else None,
        "dataset_row": names.images[image.row] if names and not names.are_files else None,
        "class": found.class_name(image.label),
        "taken_for": found.class_name(image.taken_for),
        "probability": image.probability,
        "own_probability": image.own_probability,
        "suspect": image.suspect,
        "votes": [{"class": found.class_name(index), "trials": count} for index, count in image.votes],
    }


def headline(found: HardImages) -> str:
    """`4 of 359 test images were missed by all 15 trials: of mlp and fc_model, 3 seeds`."""
    seeds = f", {counted(len(found.seeds), 'seed')}" if len(found.seeds) > 1 else ""
    trials = "the only trial" if found.num_trials == 1 else f"all {found.num_trials:,} trials"
    models = f"{trials} (of {listed(found.models)}{seeds})"
    missed, images = len(found.images), counted(found.num_images, "test image")
    if not missed:
        return f"none of {images} was missed by {models}"
    order = "; the likely label errors first" if missed > 1 else ""
    return f"{missed:,} of {images} {'was' if missed == 1 else 'were'} missed by {models}{order}"


def _row(found: HardImages, image: HardImage) -> list[str]:
    mark = f" {SUSPECT}" if image.suspect else ""
    figures = [percent(image.probability), percent(image.own_probability)]
    return [image_name(found, image), _named(found, image.label), taken_for(found, image) + mark, *figures]


def image_name(found: HardImages, image: HardImage) -> str:
    """Its file; or its number, and its row in the tensor that it is from where that is known."""
    if found.names is None:
        return f"test image {image.row}"
    if found.names.are_files:
        return visible(str(found.names.images[image.row]))
    return f"test image {image.row} (row {found.names.images[image.row]} of {found.names.pool})"


def taken_for(found: HardImages, image: HardImage) -> str:
    """`8`; where they do not agree `8 (5 of 6), 9 (1)`."""
    if len(image.votes) == 1:
        return _named(found, image.taken_for)
    (first, count), *others = image.votes
    shown = [f"{_named(found, index)} ({votes})" for index, votes in others[: MOST_VOTES - 1]]
    more = [f"{len(image.votes) - MOST_VOTES} more"] if len(image.votes) > MOST_VOTES else []
    return ", ".join([f"{_named(found, first)} ({count} of {found.num_trials})", *shown, *more])


def _named(found: HardImages, index: int) -> str:
    known = found.class_name(index)
    return "(no finite output)" if known is None else name(known)


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _meaning(found: HardImages, shown: Sequence[HardImage]) -> list[str]:
    said = ["p: the mean of the probabilities that they give to what most of them take it for, and to its own class"]
    if any(image.suspect for image in shown):
        said.append(f"{SUSPECT} as probable as images of that class usually are to them: look at its label first")
    if found.names is None:
        said.append(
            "this run is of an earlier version, which kept no names: images by their place in the test set, from 0"
        )
    elif not found.names.are_files:
        said.append("this dataset has no files: images by their place in the test set, from 0")
    return said
