"""What identifies images and datasets: SHA-256 of pixels, files, labels and classes, shown as 8 hex digits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from torch import Tensor


def tensor_identities(pixels_NCHW: Tensor) -> list[str]:
    """The SHA-256 of each image's pixels."""
    # Slices of one view: a call and 1 microsecond an image, where a tensor for each would take five.
    view = pixels_NCHW.contiguous().numpy().data.cast("B")
    step = pixels_NCHW[0].numel()
    return [hashlib.sha256(view[at : at + step]).hexdigest() for at in range(0, len(view), step)]


def images_fingerprint(identities: Sequence[str], shape: Sequence[int] = ()) -> str:
    """The digest of a group of images from their own, in order, and the shape of an image where all have one."""
    return _sha256(f"{tuple(shape)} {' '.join(identities)}")


def dataset_fingerprint(classes: Sequence[str], pools: Sequence[tuple[str, str, Sequence[int]]]) -> str:
    """The digest of a dataset from its pools: name, digest of the images, labels."""
    return _sha256(json.dumps([list(classes), [[name, images, list(labels)] for name, images, labels in pools]]))


def short_hash(data: Sequence[Sequence[object]]) -> str:
    """Eight hex digits of plain data."""
    return _sha256(json.dumps(data))[:8]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
