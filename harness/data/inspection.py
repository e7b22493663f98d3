"""What every image file is: its SHA-256, size in pixels, grey or colour, and whether Pillow can read its header.

Read once, in parallel, and kept in the cache folder by path, size and time of change, so that a second run reads no
file again.
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.data.cache import cache_dir, whole_file
from harness.data.shown import listed
from zoo import ZooError

LARGEST_IMAGE = 89_478_485  # pixels, where Pillow begins to warn: a small file may be a bomb that fills the memory
GREY_MODES = ("1", "L", "I;16", "I;16B", "I;16L", "I", "F")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One image file; `problem` is empty where its header can be read."""

    sha256: str
    short_side: int = 0
    grey: bool = False
    problem: str = ""


def inspect_files(paths: Sequence[Path]) -> list[FileFacts]:
    """The facts of each file, in order. Raises ZooError naming the files that are no readable images."""
    folder = os.path.commonpath([path.absolute() for path in paths])
    kept_in = cache_dir("files") / f"{_sha256(os.fsencode(folder))}.json"
    known = _load(kept_in)
    keys = [_key(path) for path in paths]
    new = {key: path for key, path in zip(keys, paths, strict=True) if key not in known}
    if new:
        known |= dict(zip(new, _inspect_all(list(new.values())), strict=True))
        _save(kept_in, {key: known[key] for key in keys})
    facts = [known[key] for key in keys]
    refuse_files([f"{path.name} ({fact.problem})" for path, fact in zip(paths, facts, strict=True) if fact.problem])
    return facts


def _inspect_all(paths: Sequence[Path]) -> list[FileFacts]:
    with warnings.catch_warnings(), ThreadPoolExecutor(num_cores()) as pool:
        warnings.simplefilter("ignore")  # Pillow's, on images so large that they are refused below
        return list(pool.map(inspect_file, paths))


def inspect_file(path: Path) -> FileFacts:
    """Read one file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return FileFacts(sha256="", problem=error.strerror or str(error))
    return _facts(content)


def _facts(content: bytes) -> FileFacts:
    from PIL import Image, UnidentifiedImageError

    digest = _sha256(content)
    try:
        image = Image.open(io.BytesIO(content))
    except UnidentifiedImageError:
        return FileFacts(sha256=digest, problem="not an image" if content else "empty file")
    # Pillow raises anything from SyntaxError to MemoryError on a damaged header; all of it is reported.
    except Exception as error:
        return FileFacts(sha256=digest, problem=str(error) or type(error).__name__)
    if image.width * image.height > LARGEST_IMAGE:
        return FileFacts(
            sha256=digest, problem=f"{image.width}x{image.height} pixels, over the limit of {LARGEST_IMAGE:,}"
        )
    return FileFacts(sha256=digest, short_side=min(image.size), grey=image.mode in GREY_MODES)


def refuse_files(problems: Sequence[str]) -> None:
    """Raise one ZooError for all files that cannot be read, given as "name (problem)"."""
    if problems:
        raise ZooError(f"{len(problems):,} images cannot be read: {listed(problems, 3)}", "mend or remove these files")


def num_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _key(path: Path) -> str:
    """Changes when the file does."""
    try:
        status = path.stat()
    except OSError:
        return f"{path} gone"
    return f"{path.absolute()} {status.st_size} {status.st_mtime_ns}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _load(path: Path) -> dict[str, FileFacts]:
    with suppress(OSError, ValueError, TypeError):
        return {key: FileFacts(**facts) for key, facts in json.loads(path.read_text()).items()}
    return {}


def _save(path: Path, known: dict[str, FileFacts]) -> None:
    facts: dict[str, Any] = {key: asdict(fact) for key, fact in known.items() if not fact.problem}
    with suppress(OSError), whole_file(path) as file:
        file.write(json.dumps(facts).encode())
