"""scikit-learn's handwritten digits: 1,797 real grey images of 8x8 pixels that need no download."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@zoo.hookimpl
def zoo_datasets() -> Iterator[zoo.DatasetSpec]:
    yield zoo.DatasetSpec(
        name="digits", open=open_digits, num_classes=10, summary="1,797 grey digits of 8x8 pixels, embedded"
    )


def open_digits(data_dir: Path | None) -> zoo.LabelledImages:
    """All images as uint8 [1797, 1, 8, 8]; scikit-learn's 0..16 are stretched to 0..255. `data_dir` is not used."""
    import torch
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = torch.from_numpy(digits.images).mul(255 / 16).round().to(torch.uint8)
    return zoo.LabelledImages(
        classes=tuple(str(name) for name in digits.target_names),
        train=zoo.Split(images=pixels.unsqueeze(1), labels=digits.target.tolist()),
    )
