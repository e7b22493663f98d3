"""The catalogue as it ships: a table of the pretrained models of timm and torchvision (tests/make_catalogue.py)."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.catalogue.entry import CatalogueEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from fractions import Fraction

SNAPSHOT = Path(__file__).with_name("snapshot.csv")
COLUMNS = tuple(field.name for field in fields(CatalogueEntry))
# The first line says from what the table was made: `# timm 1.0.31, torchvision 0.29.2, ...`
REMARK = "# "


def entries() -> tuple[CatalogueEntry, ...]:
    """Every pretrained model that the snapshot has, in its order."""
    return _read(SNAPSHOT)


@cache
def by_name() -> Mapping[str, CatalogueEntry]:
    """The entries by what a person types, such as `timm/resnet50.a1_in1k`."""
    return {entry.name: entry for entry in entries()}


def sources(path: Path = SNAPSHOT) -> str:
    """Which versions of which libraries the snapshot was made from, in words."""
    with path.open(encoding="utf-8") as file:
        return file.readline().removeprefix(REMARK).rstrip("\n")


def write(made: Iterable[CatalogueEntry], origin: str, path: Path = SNAPSHOT) -> None:
    """Write a snapshot that says of itself that it was made from `origin`."""
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{REMARK}{origin}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_text(getattr(entry, name)) for name in COLUMNS] for entry in made)


@cache
def _read(path: Path) -> tuple[CatalogueEntry, ...]:
    import csv  # only now, as below: every command passes through here, and few read the catalogue

    with path.open(encoding="utf-8", newline="") as file:
        file.readline()
        rows = csv.reader(file)
        readers = [(name, _READERS.get(name, str)) for name in next(rows)]
        return tuple(_entry(readers, row) for row in rows)


def _entry(readers: list[tuple[str, Callable[[str], Any]]], row: list[str]) -> CatalogueEntry:
    return CatalogueEntry(**{name: read(text) for (name, read), text in zip(readers, row, strict=True)})


def _text(value: object) -> str:
    """`value` so that `_READERS` make the same of it again."""
    if isinstance(value, tuple):
        return " ".join(map(repr, value))
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)


@cache
def _floats(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split()))


@cache
def _share(text: str) -> float | Fraction:
    """A share of the image; torchvision's are of two sizes, which a fraction keeps exactly: "224/232"."""
    from fractions import Fraction

    return Fraction(text) if "/" in text else float(text)


_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("param_count", "macs", "activations", "img_size", "channels", "num_bytes"), int),
    **dict.fromkeys(("mean", "std"), _floats),
    "is_fixed_size": lambda text: text == "1",
    "crop_pct": _share,
    "published_top1": lambda text: float(text) if text else None,
    "published_img_size": lambda text: int(text) if text else None,
}
