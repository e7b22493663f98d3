"""What is published of pretrained weights, in the words in which commands show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def published_words(facts: Mapping[str, Any]) -> list[str]:
    """Licence, size and top-1 of what `zoo.catalogue.published` gives; blank for what is not known."""
    from results.tables.number_format import shown_bytes

    size, top1 = facts["num_bytes"], facts["published_top1"]
    return [
        facts["license"],
        "" if size is None else f"about {shown_bytes(size)}",
        "" if top1 is None else f"published top-1 {top1:.1f} % at {facts['published_img_size']} px",
    ]
