"""`harness fetch`: the weights of a list of models, one after the other; each that cannot be had is a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.picks.listing.candidates import Candidate
from results.store.atomic import make_folder, whole_file
from results.tables.number_format import counted, shown_bytes
from zoo.errors import ZooError, first_line
from zoo.libraries.fetch import fetch
from zoo.weights import Weights

if TYPE_CHECKING:
    from zoo.discovery import Zoo
    from zoo.weights_source import WeightsSource


@dataclass(slots=True)
class Fetching:
    """What is fetched, a line each as it comes; `num_failed` is known once the lines are through."""

    wanted: Sequence[Candidate]
    zoo: Zoo
    folder: Path | None
    num_failed: int = 0

    def lines(self) -> Iterator[str]:
        """A line for each model, and one for all."""
        num_bytes = 0
        for number, one in enumerate(self.wanted, 1):
            try:
                path = _fetched(one, self.zoo, self.folder)
            except ZooError as error:
                self.num_failed += 1
                yield f"{number}/{len(self.wanted)}  {one.name}  failed: {error.cause}"
            else:
                num_bytes += path.stat().st_size
                yield f"{number}/{len(self.wanted)}  {one.name}  {shown_bytes(path.stat().st_size)}  {path}"
        had = len(self.wanted) - self.num_failed
        failed = f"; {self.num_failed:,} failed" if self.num_failed else ""
        yield f"{counted(had, 'file')}, {shown_bytes(num_bytes)}{failed}"


def fetch_each(wanted: Sequence[Candidate], zoo: Zoo, folder: Path | None) -> Fetching:
    """The weights of `wanted`, into `folder` where there is one. Raises StoreError where that cannot be written."""
    if folder is not None:
        make_folder(folder)
    return Fetching(wanted, zoo, folder)


def _fetched(one: Candidate, zoo: Zoo, folder: Path | None) -> Path:
    source = _source(one, zoo)
    if folder is None:
        return fetch(source)
    put = folder / source.file_name
    return put if put.is_file() else _as_safetensors(fetch(source), put)


def _source(one: Candidate, zoo: Zoo) -> WeightsSource:
    """Where the weights of a model are. Raises ZooError where it is not installed, or nobody says."""
    spec = zoo.select(one.model)[0].spec
    if spec.weights_source is None:
        raise ZooError(f"the plugin of {one.model} does not say where its weights are", "see: harness info")
    try:
        return spec.weights_source(one.tag)
    except ZooError:
        raise
    except Exception as error:  # a plugin's own
        raise ZooError(f"{type(error).__name__}: {first_line(error)}") from error


def _as_safetensors(path: Path, put: Path) -> Path:
    """A copy of the file at `put`, whole or not at all, in the one format that runs no code when it is read."""
    from safetensors.torch import save

    tensors = Weights(path=str(path)).load()[0].tensors
    data = path.read_bytes() if path.suffix == ".safetensors" else save({n: t.contiguous() for n, t in tensors.items()})
    try:
        with whole_file(put) as file:
            file.write(data)
    except OSError as error:
        raise ZooError(f"{put} cannot be written: {error.strerror}", "make room, or name another folder", 4) from error
    return put
