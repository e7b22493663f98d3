"""A data set for zoo-harness whose images and labels stand in a CSV file: shapes-csv."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "labels.csv"
CLASSES = ("disc", "ring", "square")
SPLITS = ("train", "val", "test")


@zoo.hookimpl
def zoo_datasets() -> Iterator[zoo.DatasetSpec]:
    """Declare the data sets. Called whenever they are listed: open nothing here."""
    yield zoo.DatasetSpec(
        name="shapes-csv",
        open="csv_images:open_images",
        num_classes=len(CLASSES),
        summary=f"discs, rings and squares, as {FILE} in --data-dir has them",
    )


def open_images(data_dir: Path | None) -> zoo.LabelledImages:
    """The images that `labels.csv` names: a line each, with path, label and, if wanted, split.

    Paths are below the folder of the file. Without the column `split` the harness makes
    the parts. Raises ZooError that names the line which cannot be meant.
    """
    if data_dir is None or not (data_dir / FILE).is_file():
        cause = f"no {FILE} in {data_dir or 'any folder: none was given'}"
        raise zoo.ZooError(cause, "name its folder: --data-dir FOLDER")
    rows: dict[str, tuple[list[Path], list[int]]] = {
        split: ([], []) for split in SPLITS
    }
    with (data_dir / FILE).open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            split, label = _meant(row, number)
            paths, labels = rows[split]
            paths.append(data_dir / row["path"])
            labels.append(label)
    parts = {
        split: zoo.Split(images=paths, labels=labels)
        for split, (paths, labels) in rows.items()
        if paths
    }
    if "train" not in parts:
        raise zoo.ZooError(
            f"{FILE} has no images to train on", "give it lines: path,label"
        )
    return zoo.LabelledImages(classes=CLASSES, **parts)


def _meant(row: dict[str, str], number: int) -> tuple[str, int]:
    """The part and the label of a line."""
    split, label = row.get("split") or "train", row.get("label")
    if not row.get("path") or label not in CLASSES or split not in SPLITS:
        cause = (
            f"{FILE}, line {number}: {','.join(map(str, row.values()))} cannot be meant"
        )
        raise zoo.ZooError(
            cause, f"a line is path,label[,split]; labels are {', '.join(CLASSES)}"
        )
    return split, CLASSES.index(label)


def draw(folder: Path, num_images: int = 90) -> None:
    """Write images of the three shapes and their `labels.csv`, to have something to try."""
    import numpy as np
    from PIL import Image

    generator = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    y, x = np.mgrid[:24, :24]
    lines = ["path,label"]
    for number in range(num_images):
        label = CLASSES[number % len(CLASSES)]
        middle, size = generator.integers(9, 15, 2), generator.integers(4, 8)
        far, wide = (
            np.hypot(y - middle[0], x - middle[1]),
            np.maximum(abs(y - middle[0]), abs(x - middle[1])),
        )
        inside = {
            "disc": far < size,
            "ring": abs(far - size) < 1.2,
            "square": wide < size,
        }[label]
        pixels = generator.integers(0, 90, (24, 24)) + 150 * inside
        Image.fromarray(pixels.astype(np.uint8)).save(
            folder / "images" / f"{number}.png"
        )
        lines.append(f"images/{number}.png,{label}")
    (folder / FILE).write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
