"""scikit-learn's handwritten digits: 1,797 real grey images of 8x8 pixels that need no download."""

from __future__ import annotations

import csv
import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from collections.abc import Iterator


@zoo.hookimpl
def zoo_datasets() -> Iterator[zoo.DatasetSpec]:
    yield zoo.DatasetSpec(
        name="digits", open=open_digits, num_classes=10, summary="1,797 grey digits of 8x8 pixels, embedded"
    )


def open_digits(data_dir: Path | None) -> zoo.LabelledImages:
    """All images as uint8 [1797, 1, 8, 8]; scikit-learn's 0..16 are stretched to 0..255. `data_dir` is not used."""
    import torch

    table = torch.tensor(_rows(), dtype=torch.float64)
    pixels = table[:, :64].mul(255 / 16).round().to(torch.uint8)
    return zoo.LabelledImages(
        classes=tuple("0123456789"),
        train=zoo.Split(images=pixels.view(-1, 1, 8, 8), labels=table[:, 64].int().tolist()),
    )


def _rows() -> list[list[float]]:
    """64 pixels and a label for each image, from the file that scikit-learn carries.

    Read without importing scikit-learn, which takes longer than training on it for an epoch.
    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise zoo.ZooError("the digits come with scikit-learn, which is not installed", "pip install scikit-learn")
    with gzip.open(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", "rt") as file:
        return [[float(value) for value in row] for row in csv.reader(file)]
