# ruff: noqa: TID253
"""Images that occur twice: a test image that was also trained on judges nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.order import generator
from harness.splits import Part, SplitPlan
from zoo import ZooError

if TYPE_CHECKING:
    from harness.inspection import FileFacts

ROWS_AT_ONCE = 1000  # keeps the products of a checksum in the processor's cache

Identities = Mapping[str, Sequence[int | str]]


def identities(images: Tensor | Sequence[FileFacts]) -> list[int | str]:
    """One value for each image, equal for equal images: a file's SHA-256, or a checksum of 64 bits of its pixels."""
    if not isinstance(images, Tensor):
        return [fact.sha256 for fact in images]
    words_NW = _as_words(images.flatten(1))
    weights_W = torch.randint(-(2**62), 2**62, words_NW.shape[1:], generator=generator("checksum")) | 1
    # A random odd multiplier for each word; the sum wraps around, so chunks need no care about overflow.
    return torch.cat([(rows * weights_W).sum(1) for rows in torch.split(words_NW, ROWS_AT_ONCE)]).tolist()


def _as_words(pixels_NP: Tensor) -> Tensor:
    """Eight pixels as one 64-bit integer, the last word filled with zeros."""
    missing = -pixels_NP.shape[1] % 8
    padded = torch.nn.functional.pad(pixels_NP, (0, missing)) if missing else pixels_NP.contiguous()
    return padded.view(torch.int64)


def without_copies(plan: SplitPlan, identity: Identities) -> tuple[SplitPlan, tuple[str, ...]]:
    """The plan without test images in train and val and without val images in train, and a note for each removal."""
    test = _values(plan.test, identity)
    val, note_val = _minus(plan.val, identity, test, "val", "test")
    train, note_test = _minus(plan.train, identity, test, "train", "test")
    train, note_train = _minus(train, identity, _values(val, identity), "train", "val")
    notes = tuple(note for note in (note_test, note_val, note_train) if note)
    return SplitPlan(train=train, val=val, test=plan.test), notes


def _values(part: Part, identity: Identities) -> set[int | str]:
    values = identity[part.pool]
    return {values[row] for row in part.rows}


def _minus(part: Part, identity: Identities, unwanted: set[int | str], name: str, other: str) -> tuple[Part, str]:
    values = identity[part.pool]
    kept = [row for row in part.rows if values[row] not in unwanted]
    if len(kept) == len(part.rows):
        return part, ""
    if not kept:
        raise ZooError(f"every {name} image also occurs in {other}", f"give {name} images that {other} does not have")
    num = len({values[row] for row in part.rows} & unwanted)
    note = f"{num:,} {other} images also occur in {name} (identical pixels); removed from {name}"
    return Part(pool=part.pool, rows=kept), note
