"""Which file, or which row of a plugin's tensor, each test image of a run is: written once a run, one line an image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from results.errors import StoreError
from results.sanitize import plain
from results.store.atomic import read_regular
from results.store.run_store import RunStore

IMAGES_FILE = "test_images.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNames:
    """The test images in the order of their predictions, with their `labels`.

    `images` are paths of files below `folder`; or, where `folder` is "", rows of the tensor that is the dataset's own
    part `pool`.
    """

    folder: str
    pool: str
    images: Sequence[str] | Sequence[int]
    labels: Sequence[int]

    @property
    def are_files(self) -> bool:
        return bool(self.folder)


def keep(store: RunStore, names: ImageNames) -> None:
    """Write the names, where they are not what is there: files that were renamed since are the same images.

    Raises StoreError.
    """
    path, content = store.path / IMAGES_FILE, _encoded(names)
    try:
        is_there = path.is_file() and read_regular(path) == content
    except ValueError:  # a link, which is replaced
        is_there = False
    if not is_there:
        store.write(IMAGES_FILE, content)


def read(store: RunStore) -> ImageNames | None:
    """The names; None for a run of before, which kept none. Raises StoreError where the file is damaged."""
    path = store.path / IMAGES_FILE
    if not path.is_file():
        return None
    try:
        return _decoded(json.loads(read_regular(path)))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        cause = f"{plain(path)} is damaged ({type(error).__name__})"
        raise StoreError(cause, "let it be written anew: harness resume RUN") from error


def _encoded(names: ImageNames) -> bytes:
    """JSON with a line for each image. ASCII: a path may hold bytes that are no UTF-8, which its escapes carry."""
    head = json.dumps({"folder": names.folder, "pool": names.pool})[:-1]
    rows = map(json.dumps, zip(names.images, names.labels, strict=True))
    return "".join([head, ', "images": [\n', ",\n".join(rows), "\n]}\n"]).encode("ascii")


def _decoded(data: dict[str, object]) -> ImageNames:
    rows, folder = data["images"], data["folder"]
    if not (isinstance(rows, list) and isinstance(folder, str)):
        raise TypeError("no list of images")
    kind = str if folder else int
    if not all(type(image) is kind and type(label) is int for image, label in rows):
        raise TypeError("an image without its name or its label")
    if folder and not all(_is_below(image) for image, _ in rows):
        raise ValueError("a path that leads out of the folder")
    images, labels = [image for image, _ in rows], [label for _, label in rows]
    return ImageNames(folder=folder, pool=str(data["pool"]), images=images, labels=labels)


def _is_below(path: str) -> bool:
    """Whether a path stays in its folder: a run may come from a stranger, and `hard --copy` opens what is named."""
    return not path.startswith("/") and ".." not in path.split("/")
