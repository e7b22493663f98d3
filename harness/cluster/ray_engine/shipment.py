"""The run's dataset on its way through Ray's object store: cut into pieces here, put together on each node.

What arrives is what was opened: the SHA-256 of each image file is known, and is asked for whenever one is decoded.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data.files.identity import is_unchanged
from harness.data.files.regular import open_regular
from harness.isolation.job import DESCRIPTION

PIECE_BYTES = 64 * 2**20
FOLDER_FILES = 1000  # images in one folder: file systems and people bear no million

# What `put` gives for a piece, and `get` takes: in a run, references to objects of Ray's store.
Reference = Any
Piece = Sequence[tuple[str, bytes]]
Get = Callable[[Reference], Piece]
Description = Mapping[str, Any]


def describe(folder: Path) -> Description:
    """What `hand_over` wrote of the dataset into `folder`, without its images."""
    description: Description = json.loads((folder / DESCRIPTION).read_text(encoding="ascii"))
    return description


def ship(folder: Path, put: Callable[[Piece], Reference]) -> tuple[Reference, ...]:
    """All images of the dataset in `folder` as pieces of 64 MiB, wherever they lie. Raises OSError."""
    pieces: list[Reference] = []
    piece: list[tuple[str, bytes]] = []
    size = 0
    for name, content in _contents(folder, describe(folder)):
        piece.append((name, content))
        size += len(content)
        if size >= PIECE_BYTES:
            pieces.append(put(piece))
            piece, size = [], 0
    return (*pieces, put(piece)) if piece else tuple(pieces)


def is_seen(description: Description) -> bool:
    """Whether this machine has all images where the description says, as on a shared folder.

    Their sizes are compared, and not their content, which is asked for as they are decoded.
    """
    pools = description["pools"].values()
    return all("paths" in pool and all(map(_is_there, pool["paths"], pool["states"])) for pool in pools)


def unload(description: Description, pieces: Sequence[Reference], folder: Path, get: Get) -> None:
    """Let `folder` be what `hand_over` would have written on this machine, whole or not at all. Raises OSError.

    Without pieces the images stay where the description says.
    """
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for reference in pieces:
        for name, content in get(reference):
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:  # a file larger than a piece comes in several
                file.write(content)
    here = _moved(description, folder) if pieces else description
    (draft / DESCRIPTION).write_text(json.dumps(here), encoding="ascii")
    draft.rename(folder)


def _moved(description: Description, folder: Path) -> Description:
    """The description with the images where `unload` puts them."""
    pools = dict(description["pools"])
    for name, pool in pools.items():
        if "paths" in pool:
            paths = [folder.absolute() / _place(name, row, path) for row, path in enumerate(pool["paths"])]
            pools[name] = {**pool, "paths": list(map(str, paths))}
    return {**description, "pools": pools}


def _contents(folder: Path, description: Description) -> Iterator[tuple[str, bytes]]:
    """Each file of the dataset with where it belongs, in parts where it is large."""
    for name, pool in description["pools"].items():
        if "file" in pool:
            yield from _parts(pool["file"], folder / pool["file"])
        for row, path in enumerate(pool.get("paths", ())):
            yield from _parts(_place(name, row, path), Path(path))


def _parts(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    with open_regular(path) as file:
        while content := file.read(PIECE_BYTES):
            yield name, content


def _place(pool: str, row: int, path: str) -> str:
    """Where an image lies on a node. Of its name only the suffix has a say in how it is read."""
    return f"images/{pool}/{row // FOLDER_FILES}/{row}{Path(path).suffix}"


def _is_there(path: str, state: str) -> bool:
    """Whether there is a file of that size. Where its state does not say which size it had, its content is read."""
    _, _, stamped = state.partition(" ")
    try:
        return os.path.getsize(path) == int(stamped.partition(" ")[0]) if stamped else is_unchanged(Path(path), state)
    except OSError:
        return False
