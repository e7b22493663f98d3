"""What every image file is: its SHA-256, format, size in pixels, grey or colour, and what keeps it from being read.

Looked at in parallel and kept in the cache folder, so that a second run reads no file again whose path and stamp are
known, and looks at none again whose bytes are. A look reads all bytes but only the header's meaning, and the values of
16-bit pictures; a thorough one also decodes every pixel.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness.data.files.cache import cache_dir
from harness.data.files.cache_entries import make_room
from harness.data.files.identity import stamp, state
from harness.data.files.regular import common_folder, open_regular, reason
from harness.data.formats.picture import (
    LARGEST_IMAGE,
    has_bad_exif,
    num_frames,
    read_picture,
    too_large,
    unread_bands,
    unused_bands,
)
from harness.data.formats.sixteen_bits import highest_value, is_coarse, wide_values
from harness.data.formats.versions import decoder_version
from harness.machine.system import num_cpus
from results.store.atomic import whole_file

if TYPE_CHECKING:
    from PIL import Image

GREY_MODES = ("1", "L", "I;16", "I;16B", "I;16L", "I", "F")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One image file; `problem` is empty where it can be read, `decoded` says that every pixel was.

    `stamp` changes when the file does, and is empty where that cannot be told. `highest` is the largest 16-bit value, 0
    of 8 bits; `coarse` says that only the upper 8 of 16 bits are read. `frames` counts pages as well.
    """

    sha256: str = ""
    stamp: str = ""
    format: str = ""
    width: int = 0
    height: int = 0
    grey: bool = False
    highest: int = 0
    coarse: bool = False
    frames: int = 1
    unused_bands: int = 0
    bad_metadata: bool = False
    decoded: bool = False
    problem: str = ""

    @property
    def state(self) -> str:
        """Which state of the file this is, for `identity.is_unchanged`."""
        return state(self.sha256, self.stamp)


def inspect_files(
    paths: Sequence[Path], *, thorough: bool = False, tell: Callable[[int, int], None] = lambda done, total: None
) -> list[FileFacts]:
    """The facts of each file, in order; where `thorough`, every file was decoded once, now or before.

    `tell` gets how many of how many have been looked at, of those that have to be.
    """
    kept_in = cache_dir("files", decoder_version()) / f"{_sha256(os.fsencode(common_folder(paths)))}.json"
    known = _load(kept_in)
    stamps = [stamp(path) for path in paths]
    keys = [f"{path.absolute()} {at}" for path, at in zip(paths, stamps, strict=True)]
    new = {
        key: path
        for key, path, at in zip(keys, paths, stamps, strict=True)
        if not (at and _is_known(known.get(key), thorough))
    }
    if new:
        known |= dict(zip(new, _inspect_all(list(new.values()), thorough, _by_content(known), tell), strict=True))
        _save(kept_in, {key: known[key] for key in keys})
    return [replace(known[key], stamp=at) for key, at in zip(keys, stamps, strict=True)]


def inspect_file(
    path: Path, thorough: bool = False, known: Mapping[str, FileFacts] = MappingProxyType({})
) -> FileFacts:
    """Read one file; `known` has facts by SHA-256."""
    try:
        with open_regular(path) as file:
            content = file.read()
    except OSError as error:
        return FileFacts(problem=reason(error))
    facts = known.get(_sha256(content))
    return facts if facts is not None and _is_known(facts, thorough) else _facts(content, thorough)


def _by_content(known: Mapping[str, FileFacts]) -> dict[str, FileFacts]:
    """The facts by SHA-256, of two the thorough ones."""
    return {facts.sha256: facts for facts in sorted(known.values(), key=lambda facts: facts.decoded)}


def _inspect_all(
    paths: Sequence[Path], thorough: bool, known: Mapping[str, FileFacts], tell: Callable[[int, int], None]
) -> list[FileFacts]:
    inspected = []
    with warnings.catch_warnings(), ThreadPoolExecutor(num_cpus()) as pool:
        warnings.simplefilter("ignore")  # Pillow's, on images so large that they are refused below
        for facts in pool.map(partial(inspect_file, thorough=thorough, known=known), paths):
            inspected.append(facts)
            tell(len(inspected), len(paths))
    return inspected


def _facts(content: bytes, thorough: bool) -> FileFacts:
    from PIL import Image, UnidentifiedImageError

    sha256 = _sha256(content)
    try:
        facts, bad_metadata = read_picture(io.BytesIO(content), partial(_look, thorough=thorough))
        return replace(facts, sha256=sha256, bad_metadata=bad_metadata or facts.bad_metadata)
    except UnidentifiedImageError:
        problem = unread_bands(content) or ("not an image" if content else "empty file")
    except Image.DecompressionBombError:
        problem = f"over the limit of {LARGEST_IMAGE:,} pixels"
    # Pillow raises anything from SyntaxError to MemoryError on a damaged file; all of it is reported.
    except Exception as error:
        problem = reason(error)
    return FileFacts(sha256=sha256, problem=problem)


def _look(image: Image.Image, thorough: bool) -> FileFacts:
    facts = FileFacts(
        format=image.format or "",
        width=image.width,
        height=image.height,
        grey=image.mode in GREY_MODES,
        problem=too_large(image),
    )
    if facts.problem:
        return facts
    coarse, unused = is_coarse(image), unused_bands(image)  # before it is loaded
    facts = replace(facts, coarse=coarse, unused_bands=unused, highest=highest_value(wide_values(image)))
    if thorough:
        _decode(image)
    # Last: counting moves on to the last frame.
    return replace(facts, decoded=thorough, bad_metadata=has_bad_exif(image), frames=num_frames(image))


def _decode(image: Image.Image) -> None:
    """All that happens to a picture before it is resized, so that whatever would fail then fails now."""
    from harness.data.formats.eight_bits import upright

    upright(image).load()


def _is_known(facts: FileFacts | None, thorough: bool) -> bool:
    return facts is not None and (facts.decoded or not thorough)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _load(path: Path) -> dict[str, FileFacts]:
    with suppress(OSError, ValueError, TypeError):
        os.utime(path)  # the least recently used go first
        return {key: FileFacts(**facts) for key, facts in json.loads(path.read_text()).items()}
    return {}


def _save(path: Path, known: dict[str, FileFacts]) -> None:
    facts: dict[str, Any] = {key: asdict(fact) for key, fact in known.items() if not fact.problem}
    with suppress(OSError):
        text = json.dumps(facts).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        make_room(len(text))
        with whole_file(path) as file:
            file.write(text)
