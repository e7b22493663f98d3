"""Every image decoded and resized once, and kept where all trials find it.

Images that need no work stay the tensor they are. Others become a file in the cache folder, named by the versions of
what decodes and resizes, the images' fingerprint and the geometry, and mapped into memory: the system keeps its pages
in free memory and shares them among all child processes and later runs. Without room on the disk they are kept in
memory, if they take at most a quarter of what is free; otherwise they are made again for each epoch, in the same order.
"""

from __future__ import annotations

import os
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING
from warnings import warn

import torch
from torch import Tensor

from harness.data.files.cache import cache_dir
from harness.data.files.cache_entries import make_room
from harness.data.files.cache_users import IN_NAMES
from harness.data.files.regular import reason
from harness.data.files.unreadable import require_readable
from harness.data.formats.versions import decoder_version
from harness.data.pixels.resize import needs_resize
from harness.data.pixels.sources import FileSource, MemorySource, ResizingSource, Source
from harness.machine.system import free_memory
from results.store.atomic import whole_file
from results.tables.number_format import shown_bytes
from zoo.manager.memory_limit import room_below_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harness.data.pixels.geometry import Geometry

MEMORY_SHARE = 0.25
BLOCK_BYTES = 32 * 2**20


def prepare(
    images: Tensor | Sequence[Path],
    geometry: Geometry,
    fingerprint: str,
    num_threads: int | None = None,
    states: Sequence[str] = (),
    tell: Callable[[str], None] = warn,
) -> Source:
    """The images as `geometry` wants them, kept where there is room; `tell` is called with what that costs where not.

    Raises UnreadableFiles, never later than here.
    """
    made = _made_on_demand(images, geometry, num_threads, states)
    if isinstance(made, MemorySource):
        return made
    num_bytes = prod(made.shape)
    path = cache_dir("pixels", decoder_version()) / _name(fingerprint, geometry, made)
    why = f"{shown_bytes(num_bytes)} of pixels are not kept on disk: the memory limit has no room for them"
    if num_bytes < room_below_limit():  # a private mapping counts as the process's own memory
        try:
            return MemorySource(_kept(path, made, num_bytes))
        except OSError as error:
            why = f"{shown_bytes(num_bytes)} of pixels are not kept on disk: {reason(error)}"
    if num_bytes < MEMORY_SHARE * min(free_memory(), room_below_limit()):
        tell(f"{why}; every trial makes them again")
        return MemorySource(_in_memory(made))
    tell(f"{why}; every epoch makes them again, since memory has no room for them either")
    if isinstance(made, FileSource):
        require_readable({"files": made.paths}, thorough=True)
    return made


def _made_on_demand(
    images: Tensor | Sequence[Path], geometry: Geometry, num_threads: int | None, states: Sequence[str]
) -> Source:
    if not isinstance(images, Tensor):
        return FileSource(images, geometry, num_threads, states)
    if needs_resize(tuple(images.shape), geometry):
        return ResizingSource(images, geometry)
    return MemorySource(images)


def _name(fingerprint: str, geometry: Geometry, made: Source) -> str:
    """Tensors are resized by torch, whose version is none of those that decode files."""
    resized = "" if isinstance(made, FileSource) else f"-torch{torch.__version__}"
    return f"{fingerprint[:IN_NAMES]}-{geometry.key}{resized}.u8"


def _kept(path: Path, made: Source, num_bytes: int) -> Tensor:
    """The pixels of the file at `path`, which is written where it is not there. Raises OSError."""
    if not _is_whole(path, num_bytes):
        path.parent.mkdir(parents=True, exist_ok=True)
        make_room(num_bytes)
        # Plain writes and no mapping: a full disk is then an error and not a dead process.
        with whole_file(path) as file:
            file.writelines(block.numpy().data for block in _all_blocks(made))
    return _mapped(path, made.shape)


def _is_whole(path: Path, num_bytes: int) -> bool:
    """Whether the file is there; it is then marked as used, since the least recently used are deleted first."""
    try:
        os.utime(path)
        return path.stat().st_size == num_bytes
    except OSError:
        return False


def _mapped(path: Path, shape: Sequence[int]) -> Tensor:
    # Not shared: the pages still come from the one page cache, but nobody can write through to the file.
    try:
        return torch.from_file(str(path), shared=False, size=prod(shape), dtype=torch.uint8).view(tuple(shape))
    except RuntimeError as error:  # torch's word for a file that has just gone, or cannot be mapped
        raise OSError(str(error).partition("\n")[0]) from error


def _in_memory(source: Source) -> Tensor:
    kept = torch.empty(tuple(source.shape), dtype=torch.uint8)
    start = 0
    for block in _all_blocks(source):
        kept[start : start + len(block)] = block
        start += len(block)
    return kept


def _all_blocks(source: Source) -> Iterator[Tensor]:
    num_images = max(1, BLOCK_BYTES // prod(source.shape[1:]))
    return source.blocks(torch.split(torch.arange(source.shape[0]), num_images))
