# ruff: noqa: TID253
"""What identifies a dataset: the SHA-256 of its classes, labels and pixels, shown as 8 hex digits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from harness.inspection import FileFacts


def images_fingerprint(images: Tensor | Sequence[FileFacts]) -> str:
    """The digest of one pool of images: of its shape and pixels, or of its files' bytes, in order."""
    if not isinstance(images, Tensor):
        return _sha256("\n".join(fact.sha256 for fact in images).encode())
    digest = hashlib.sha256(repr(tuple(images.shape)).encode())
    digest.update(images.contiguous().numpy().data)
    return digest.hexdigest()


def dataset_fingerprint(classes: Sequence[str], pools: Sequence[tuple[str, str, Sequence[int]]]) -> str:
    """The digest of a dataset from its pools: name, digest of the images, labels."""
    text = json.dumps([list(classes), [[name, images, list(labels)] for name, images, labels in pools]])
    return _sha256(text.encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
