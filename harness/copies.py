"""Images that occur twice: a test image that was also trained on judges nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.splits import Part, SplitPlan
from zoo import ZooError

Identities = Mapping[str, Sequence[str]]


def without_copies(plan: SplitPlan, identity: Identities) -> tuple[SplitPlan, tuple[str, ...]]:
    """The plan without test images in train and val and without val images in train, and a note for each removal."""
    test = _values(plan.test, identity)
    val, note_val = _minus(plan.val, identity, test, "val", "test")
    train, note_test = _minus(plan.train, identity, test, "train", "test")
    train, note_train = _minus(train, identity, _values(val, identity), "train", "val")
    notes = tuple(note for note in (note_test, note_val, note_train) if note)
    return SplitPlan(train=train, val=val, test=plan.test), notes


def _values(part: Part, identity: Identities) -> set[str]:
    values = identity[part.pool]
    return {values[row] for row in part.rows}


def _minus(part: Part, identity: Identities, unwanted: set[str], name: str, other: str) -> tuple[Part, str]:
    values = identity[part.pool]
    kept = [row for row in part.rows if values[row] not in unwanted]
    if len(kept) == len(part.rows):
        return part, ""
    if not kept:
        raise ZooError(f"every {name} image also occurs in {other}", f"give {name} images that {other} does not have")
    num = len({values[row] for row in part.rows} & unwanted)
    note = f"{num:,} {other} images also occur in {name} (identical pixels); removed from {name}"
    return Part(pool=part.pool, rows=kept), note
