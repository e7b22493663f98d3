"""What every image file is: its SHA-256, format, size in pixels, grey or colour, and what keeps it from being read.

Looked at in parallel and kept in the cache folder by path, size and time of change, so that a second run reads no
file again. A look reads all bytes but only the header's meaning; a thorough one also decodes every pixel.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.files.cache import cache_dir
from harness.data.files.regular import common_folder, open_regular, reason, stamp
from harness.machine.system import num_cpus
from results.store.atomic import whole_file

if TYPE_CHECKING:
    from PIL import Image

LARGEST_IMAGE = 89_478_485  # pixels, where Pillow begins to warn: a small file may be a bomb that fills the memory
LONGEST_SIDE = 256  # times the short side, which is resized to that of a model: a thread of pixels may be a bomb too
GREY_MODES = ("1", "L", "I;16", "I;16B", "I;16L", "I", "F")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One image file; `problem` is empty where it can be read, `decoded` says that every pixel was.

    `stamp` changes when the file does.
    """

    sha256: str = ""
    stamp: str = ""
    format: str = ""
    width: int = 0
    height: int = 0
    grey: bool = False
    decoded: bool = False
    problem: str = ""


def inspect_files(paths: Sequence[Path], *, thorough: bool = False) -> list[FileFacts]:
    """The facts of each file, in order; where `thorough`, every file was decoded once, now or before."""
    kept_in = cache_dir("files") / f"{_sha256(os.fsencode(common_folder(paths)))}.json"
    known = _load(kept_in)
    stamps = [stamp(path) for path in paths]
    keys = [f"{path.absolute()} {at}" for path, at in zip(paths, stamps, strict=True)]
    new = {key: path for key, path in zip(keys, paths, strict=True) if not _is_known(known.get(key), thorough)}
    if new:
        known |= dict(zip(new, _inspect_all(list(new.values()), thorough), strict=True))
        _save(kept_in, {key: known[key] for key in keys})
    return [replace(known[key], stamp=at) for key, at in zip(keys, stamps, strict=True)]


def inspect_file(path: Path, thorough: bool = False) -> FileFacts:
    """Read one file."""
    try:
        with open_regular(path) as file:
            content = file.read()
    except OSError as error:
        return FileFacts(problem=reason(error))
    return _facts(content, thorough)


def _inspect_all(paths: Sequence[Path], thorough: bool) -> list[FileFacts]:
    with warnings.catch_warnings(), ThreadPoolExecutor(num_cpus()) as pool:
        warnings.simplefilter("ignore")  # Pillow's, on images so large that they are refused below
        return list(pool.map(partial(inspect_file, thorough=thorough), paths))


def _facts(content: bytes, thorough: bool) -> FileFacts:
    from PIL import Image, UnidentifiedImageError

    facts = FileFacts(sha256=_sha256(content))
    try:
        with Image.open(io.BytesIO(content)) as image:
            facts = replace(
                facts,
                format=image.format or "",
                width=image.width,
                height=image.height,
                grey=image.mode in GREY_MODES,
                problem=_too_large(image),
            )
            if thorough and not facts.problem:
                _decode(image)
                facts = replace(facts, decoded=True)
    except UnidentifiedImageError:
        return replace(facts, problem="not an image" if content else "empty file")
    except Image.DecompressionBombError:
        return replace(facts, problem=f"over the limit of {LARGEST_IMAGE:,} pixels")
    # Pillow raises anything from SyntaxError to MemoryError on a damaged file; all of it is reported.
    except Exception as error:
        return replace(facts, problem=reason(error))
    return facts


def _decode(image: Image.Image) -> None:
    """All that happens to a picture before it is resized, so that whatever would fail then fails now."""
    from harness.data.files.eight_bits import upright

    upright(image).load()


def _too_large(image: Image.Image) -> str:
    """What is wrong with the size that the header tells, before memory is taken for it."""
    size = f"{image.width}x{image.height} pixels"
    if image.width * image.height > LARGEST_IMAGE:
        return f"{size}, over the limit of {LARGEST_IMAGE:,}"
    return f"{size}, too narrow" if max(image.size) > LONGEST_SIDE * min(image.size) else ""


def _is_known(facts: FileFacts | None, thorough: bool) -> bool:
    return facts is not None and (facts.decoded or not thorough)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _load(path: Path) -> dict[str, FileFacts]:
    with suppress(OSError, ValueError, TypeError):
        return {key: FileFacts(**facts) for key, facts in json.loads(path.read_text()).items()}
    return {}


def _save(path: Path, known: dict[str, FileFacts]) -> None:
    facts: dict[str, Any] = {key: asdict(fact) for key, fact in known.items() if not fact.problem}
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(json.dumps(facts).encode())
