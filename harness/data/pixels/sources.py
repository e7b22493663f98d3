"""Blocks of uint8 pixels [n, C, S, S] by row, from wherever the images lie: memory, files, or a tensor to resize."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from harness.data.files.identity import is_unchanged
from harness.data.files.regular import common_folder, reason
from harness.data.files.unreadable import UnreadableFiles, named
from harness.data.pixels.decode import decode
from harness.data.pixels.resize import resize
from harness.machine.system import num_cpus

if TYPE_CHECKING:
    from pathlib import Path

    from harness.data.formats.eight_bits import Pixels
    from harness.data.pixels.geometry import Geometry

CHANGED = "changed since the dataset was opened"

Item = TypeVar("Item")


class Source(Protocol):
    """`shape` is [N, C, S, S]; `blocks` yields the pixels of each tensor of rows that it is given, in turn."""

    shape: Sequence[int]

    def blocks(self, rows: Iterable[Tensor]) -> Iterator[Tensor]: ...


class MemorySource:
    """Pixels ready in a tensor: in memory, mapped from a file, or on an accelerator."""

    def __init__(self, pixels_NCHW: Tensor) -> None:
        self.pixels = pixels_NCHW
        self.shape: Sequence[int] = pixels_NCHW.shape

    def blocks(self, rows: Iterable[Tensor]) -> Iterator[Tensor]:
        return (self.pixels.index_select(0, rows_n) for rows_n in rows)


class ResizingSource:
    """Pixels of a tensor, resized each time they are asked for."""

    def __init__(self, pixels_NCHW: Tensor, geometry: Geometry) -> None:
        self.pixels, self.geometry = pixels_NCHW, geometry
        self.shape: Sequence[int] = (len(pixels_NCHW), geometry.stored_channels, geometry.size, geometry.size)

    def blocks(self, rows: Iterable[Tensor]) -> Iterator[Tensor]:
        return (resize(self.pixels.index_select(0, rows_n), self.geometry) for rows_n in rows)


class FileSource:
    """Image files, decoded each time they are asked for, by threads: Pillow decodes and resizes without the GIL.

    The next block is decoded while the caller uses this one, so memory holds two blocks whatever the set's size.
    `states` say which state of each file is meant: another one would be other images under the same fingerprint.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        geometry: Geometry,
        num_threads: int | None = None,
        states: Sequence[str] = (),
    ) -> None:
        self.paths, self.geometry, self.states = paths, geometry, states
        self.num_threads = num_threads or num_cpus()
        self.shape: Sequence[int] = (len(paths), geometry.stored_channels, geometry.size, geometry.size)

    def blocks(self, rows: Iterable[Tensor]) -> Iterator[Tensor]:
        """Raises UnreadableFiles for all bad files once the rows are through."""
        bad: dict[int, str] = {}
        yield from self.blocks_with_gaps(rows, bad)
        if bad:
            folder = common_folder(self.paths)
            raise UnreadableFiles(named([(self.paths[row], problem) for row, problem in bad.items()], folder), folder)

    def blocks_with_gaps(self, rows: Iterable[Tensor], bad: dict[int, str]) -> Iterator[Tensor]:
        """The same, but black for a file that cannot be read: `bad` has its row and why, once its block is out."""
        with ThreadPoolExecutor(self.num_threads) as pool:
            for block, problems in one_ahead(self._start(rows_n, pool) for rows_n in rows):
                bad |= {row: problem for row, future in problems if (problem := future.result())}
                yield torch.from_numpy(block)

    def _start(self, rows_n: Tensor, pool: ThreadPoolExecutor) -> tuple[Pixels, list[tuple[int, Future[str]]]]:
        """A block that threads are filling, and for each row what was wrong with its file, if anything."""
        block = np.zeros((len(rows_n), *self.shape[1:]), dtype=np.uint8)
        rows: list[int] = rows_n.tolist()
        return block, [(row, pool.submit(self._fill, pixels, row)) for pixels, row in zip(block, rows, strict=True)]

    def _fill(self, pixels: Pixels, row: int) -> str:
        path = self.paths[row]
        try:
            pixels[:] = decode(path, self.geometry)
        # Pillow raises anything from SyntaxError to MemoryError on a damaged file; all of it is reported.
        except Exception as error:
            return reason(error)
        # Asked afterwards, so that a change while it was read is seen as well.
        return "" if not self.states or is_unchanged(path, self.states[row]) else CHANGED


def one_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, each asked for before the one before it is handed out."""
    iterator = iter(items)
    for current in iterator:
        for following in iterator:
            yield current
            current = following
        yield current
