"""Times of one image on a CPU that ship with the harness: what they say of work and families holds elsewhere too."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.catalogue.snapshot import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zoo.catalogue.entry import CatalogueEntry

TIMES = Path(__file__).with_name("cpu_times.csv")
REMARK = "# "


@cache
def cpu_times(path: Path = TIMES) -> tuple[tuple[CatalogueEntry, float], ...]:
    """Models of the catalogue with their median ms for one image (see tests/make_latency_times.py)."""
    with path.open(encoding="utf-8", newline="") as file:
        file.readline()
        return tuple((by_name()[row["name"]], float(row["ms"])) for row in csv.DictReader(file))


def earlier_times(device: str) -> tuple[tuple[CatalogueEntry, float], ...]:
    """What `fit` and `choose_anchors` may start from on a device: nothing on an accelerator, which has other laws."""
    return cpu_times() if device == "cpu" else ()


def write(timed: Iterable[tuple[CatalogueEntry, float]], how: str, path: Path = TIMES) -> None:
    """Write times that say of themselves how they were taken."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{REMARK}{how}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "ms"])
        writer.writerows([entry.name, f"{ms:.4g}"] for entry, ms in timed)
