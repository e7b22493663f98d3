"""The test images that every trial missed: what they are, what they were taken for, and how they look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from results.answers.asked import Unanswerable
from results.answers.hard import HardImage, HardImages, of_run
from results.errors import StoreError
from results.page.report_run import ReportRun
from results.page.section import Section
from results.page.thumbnails import Thumbnail, thumbnail
from results.sanitize import name, visible
from results.tables.answers.hard_images import headline, image_name, percent, taken_for
from results.tables.number_format import counted

MOST_IMAGES = 24
NOTHING: dict[str, Any] = {"said": "", "images": [], "any_seen": False, "any_suspect": False, "unseen": "", "more": ""}
MOST_BYTES = 300_000  # of all thumbnails together


def section(run: ReportRun) -> Section | None:
    """None where no trial ended well and left predictions."""
    try:
        found = data(of_run(run.store))
    except Unanswerable:
        return None
    except StoreError as error:
        found = {**NOTHING, "unseen": f"{error.cause}: {error.remedy}"}
    return Section(id="missed", title="Images that every model missed", template="missed.html", data=found)


def data(found: HardImages) -> dict[str, Any]:
    """The first of them, likely label errors first, each with its thumbnail where its file can be read."""
    shown = found.images[:MOST_IMAGES]
    thumbnails = _thumbnails(found, shown)
    kept = _within(thumbnails)
    hidden = len(found.images) - len(shown)
    return {
        "said": headline(found),
        "images": [_image(found, image, own) for image, own in zip(shown, kept, strict=True)],
        "any_seen": any(kept),
        "any_suspect": any(image.suspect for image in shown),
        "unseen": _unseen(found, thumbnails, kept),
        "more": f"{hidden:,} more: harness hard {name(found.run)}" if hidden else "",
    }


def _thumbnails(found: HardImages, images: tuple[HardImage, ...]) -> list[Thumbnail | None]:
    """None for those that cannot be read."""
    names = found.names
    if names is None or not names.are_files:
        return [None] * len(images)
    return [thumbnail(Path(names.folder, str(names.images[image.row]))) for image in images]


def _within(thumbnails: list[Thumbnail | None]) -> list[Thumbnail | None]:
    """Those that there is room for."""
    left, kept = MOST_BYTES, list(thumbnails)
    for at, own in enumerate(thumbnails):
        if own and len(own.source) > left:
            kept[at] = None
        elif own:
            left -= len(own.source)
    return kept


def _image(found: HardImages, image: HardImage, own: Thumbnail | None) -> dict[str, Any]:
    true = found.class_name(image.label)
    return {
        "file": image_name(found, image),
        "label": name(true),
        "taken_for": taken_for(found, image),
        "probability": percent(image.probability),
        "own_probability": percent(image.own_probability),
        "suspect": image.suspect,
        "source": own.source if own else "",
        "small": bool(own and own.small),
    }


def _unseen(found: HardImages, thumbnails: list[Thumbnail | None], kept: list[Thumbnail | None]) -> str:
    """Why some or all of the images are not to be seen."""
    if None not in kept:
        return ""
    if found.names is None:
        return "This run is of an earlier version, which kept no names of its test images: none can be shown."
    if not found.names.are_files:
        return "This dataset has no files: its images cannot be shown."
    gone, large = thumbnails.count(None), kept.count(None) - thumbnails.count(None)
    folder = visible(found.names.folder)
    said = [f"{counted(gone, 'image')} that cannot be read any more in {folder}"] if gone else []
    said += [f"{counted(large, 'image')} that the page has no room for"] if large else []
    return f"Not shown: {' and '.join(said)}."
