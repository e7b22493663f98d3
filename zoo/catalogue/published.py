"""What is published of one set of pretrained weights, for a person or a program that asks."""

from __future__ import annotations

from typing import Any

from zoo.catalogue.licenses import license_of
from zoo.catalogue.snapshot import by_name


def published(model: str, tag: str) -> dict[str, Any]:
    """Licence, bytes (an estimate) and top-1 on ImageNet-1k as published; None for what the catalogue does not know."""
    entry = by_name().get(f"{model}.{tag}")
    return {
        "license": license_of(model, tag),
        "num_bytes": entry.num_bytes if entry else None,
        "published_top1": entry.published_top1 if entry else None,
        "published_img_size": entry.published_img_size if entry else None,
    }
