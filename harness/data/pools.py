"""A dataset's own groups of labelled images, and what can be said of them before a pixel is resized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

import torch
from torch import Tensor

from harness.data.duplicates import ImageIdentities
from harness.data.files.file_facts import FileFacts
from harness.data.fingerprint import images_fingerprint, tensor_identities
from zoo import LabelledImages, Split, ZooError


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSet:
    """Images and labels as the dataset gave them. `size` is the median short side in pixels; `identity` has the
    SHA-256 of each image's pixels, or of its file; `states` say which state of each file that was.
    """

    images: Tensor | Sequence[Path]
    labels: Sequence[int]
    fingerprint: str
    identity: Sequence[str]
    size: int
    channels: int
    states: Sequence[str] = ()

    @property
    def known(self) -> ImageIdentities:
        """What tells its images apart."""
        files = () if isinstance(self.images, Tensor) else self.images
        return ImageIdentities(identity=self.identity, files=files)


def open_pools(images: LabelledImages, facts: Mapping[str, Sequence[FileFacts]]) -> dict[str, ImageSet]:
    """The pools by name: "train", and "val" and "test" where the dataset has them; `facts` of those that are files."""
    return {name: _open(split, facts.get(name, [])) for name, split in images.splits.items()}


def _open(split: Split, facts: Sequence[FileFacts]) -> ImageSet:
    return _open_tensor(split, split.images) if isinstance(split.images, Tensor) else _open_files(split, facts)


def _open_tensor(split: Split, pixels: Tensor) -> ImageSet:
    if pixels.dtype != torch.uint8 or pixels.ndim != 4:
        raise ZooError(
            f"the dataset's images are {pixels.dtype} of shape {list(pixels.shape)}",
            "a dataset plugin gives uint8 images [N, C, H, W], or paths",
        )
    identity = tensor_identities(pixels)
    return ImageSet(
        images=pixels,
        labels=split.labels,
        fingerprint=images_fingerprint(identity, pixels.shape[1:]),
        identity=identity,
        size=min(pixels.shape[2:]),
        channels=pixels.shape[1],
    )


def _open_files(split: Split, facts: Sequence[FileFacts]) -> ImageSet:
    identity = [fact.sha256 for fact in facts]
    return ImageSet(
        images=[Path(path) for path in split.images],
        labels=split.labels,
        fingerprint=images_fingerprint(identity),
        identity=identity,
        size=median_low(min(fact.width, fact.height) for fact in facts),
        channels=1 if all(fact.grey for fact in facts) else 3,
        states=[fact.state for fact in facts],
    )
