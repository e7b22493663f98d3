# ruff: noqa: TID253
"""Blocks of uint8 pixels [n, C, S, S] by row, from wherever the images lie: memory, files, or a tensor to resize."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from harness.decode import decode
from harness.resize import resize
from harness.shown import listed
from zoo import ZooError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.decode import Pixels
    from harness.geometry import Geometry


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
    """

    def __init__(self, paths: Sequence[Path], geometry: Geometry, num_threads: int | None = None) -> None:
        self.paths, self.geometry = paths, geometry
        self.num_threads = num_threads or num_cores()
        self.shape: Sequence[int] = (len(paths), geometry.stored_channels, geometry.size, geometry.size)

    def blocks(self, rows: Iterable[Tensor]) -> Iterator[Tensor]:
        """Raises one ZooError for all unreadable files once the rows are through."""
        bad: list[str] = []
        with ThreadPoolExecutor(self.num_threads) as pool:
            pending: list[Future[Pixels]] = []
            current: list[Path] = []
            for rows_n in rows:
                paths = [self.paths[row] for row in rows_n.tolist()]
                futures = [pool.submit(decode, path, self.geometry) for path in paths]
                if pending:
                    yield self._collect(current, pending, bad)
                pending, current = futures, paths
            if pending:
                yield self._collect(current, pending, bad)
        _refuse(bad)

    def _collect(self, paths: Sequence[Path], futures: Sequence[Future[Pixels]], bad: list[str]) -> Tensor:
        block = torch.zeros((len(paths), *self.shape[1:]), dtype=torch.uint8)
        for index, (path, future) in enumerate(zip(paths, futures, strict=True)):
            try:
                block[index] = torch.tensor(future.result())
            # Pillow raises anything from SyntaxError to MemoryError on a damaged file; all of it is reported.
            except Exception as error:
                bad.append(f"{path.name} ({error or type(error).__name__})")
        return block


def _refuse(bad: Sequence[str]) -> None:
    if bad:
        raise ZooError(f"{len(bad)} images cannot be read: {listed(bad, 3)}", "mend or remove these files")


def num_cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
