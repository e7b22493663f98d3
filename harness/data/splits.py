"""Which images train a model, which choose its best epoch, and which judge it.

A split depends on the labels and the split seed only, never on a model or a trial's seed: every model is judged
on the same test images, which is what paired tests need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from harness.data.files.printable import listed
from harness.data.whole_groups import FEWEST, require_enough, require_every_class, share_of
from zoo import LabelledImages, ZooError
from zoo.errors import USAGE
from zoo.specs import SPLITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one of a dataset's own pools of images: "train", "val" or "test"."""

    pool: str
    rows: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPlan:
    """The rows that train a model, choose its best epoch, and judge it."""

    train: Part
    val: Part
    test: Part


def plan_splits(
    images: LabelledImages,
    *,
    seed: int = 0,
    val_split: float = 0.2,
    test_split: float = 0.2,
    units: Sequence[int] | None = None,
) -> SplitPlan:
    """Stratified parts. A part that the dataset defines is kept; a missing test is `test_split` of the training
    images, a missing val `val_split` of what then remains. Every class appears in every part.

    With `units`, one for each training image, images of one unit are cut into one part.
    """
    check_shares(val_split=val_split, test_split=test_split)
    shares = {"test": test_split, "val": val_split} | dict.fromkeys(images.splits, 0.0)  # none for its own parts
    cut = _cut(images, seed, shares) if units is None else _cut_whole(images, seed, shares, units)
    parts = {name: Part(pool="train", rows=rows) for name, rows in cut.items()}
    own = {name: Part(pool=name, rows=range(len(split))) for name, split in images.splits.items() if name != "train"}
    return SplitPlan(**parts | own)


def _cut(images: LabelledImages, seed: int, shares: dict[str, float]) -> dict[str, list[int]]:
    """Rows of the training images for each part, sorted: test is cut first, then val."""
    cut: dict[str, list[int]] = {part: [] for part in SPLITS}
    by_class = _rows_by_class(images.train.labels, len(images.classes))
    _check_class_sizes(images.classes, by_class, 1 + sum(share > 0 for share in shares.values()))
    for label, rows in enumerate(by_class):
        # A text, which Random seeds itself with by SHA-512: hash() would differ from process to process.
        Random(f"split {seed} class {label}").shuffle(rows)
        rest = rows
        for part, rows_to_keep in (("test", 1 + (shares["val"] > 0)), ("val", 1)):
            taken, rest = _take(rest, shares[part], rows_to_keep)
            cut[part] += taken
        cut["train"] += rest
    return {part: sorted(rows) for part, rows in cut.items()}


def _cut_whole(
    images: LabelledImages, seed: int, shares: dict[str, float], units: Sequence[int]
) -> dict[str, list[int]]:
    """The same by whole units."""
    labels, missing = images.train.labels, [part for part in ("test", "val") if shares[part]]
    require_enough(images.classes, labels, units, FEWEST - 2 + len(missing), what="groups", folds=None)
    cut: dict[str, list[int]] = {part: [] for part in SPLITS}
    rest = list(range(len(labels)))
    for part in missing:
        cut[part], rest = share_of(rest, labels, units, shares[part], seed)
        require_every_class(images.classes, {labels[row] for row in cut[part]}, part)
    require_every_class(images.classes, {labels[row] for row in rest}, "train")
    return cut | {"train": rest}


def stratified_share(
    rows: Sequence[int], labels: Sequence[int], share: float, name: str
) -> tuple[list[int], list[int]]:
    """That share of the rows of each class, drawn as `name` says, and the rest; at least one row each, both sorted."""
    by_class: dict[int, list[int]] = {}
    for row in rows:
        by_class.setdefault(labels[row], []).append(row)
    taken: list[int] = []
    rest: list[int] = []
    for label, of_class in by_class.items():
        Random(f"split {name} class {label}").shuffle(of_class)
        some, others = _take(of_class, share, 1)
        taken, rest = taken + some, rest + others
    return sorted(taken), sorted(rest)


def _take(rows: list[int], share: float, rows_to_keep: int) -> tuple[list[int], list[int]]:
    """The first `share` of the rows and the rest: at least one row, and one left for each part still to be cut."""
    if share == 0:
        return [], rows
    num = min(max(1, round(share * len(rows))), len(rows) - rows_to_keep)
    return rows[:num], rows[num:]


def _rows_by_class(labels: Sequence[int], num_classes: int) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(num_classes)]
    for row, label in enumerate(labels):
        rows[label].append(row)
    return rows


def check_shares(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 < share < 1:
            raise ZooError(
                f"--{name.replace('_', '-')} {share} is not between 0 and 1", "give a share such as 0.2", USAGE
            )


def check_images(images: LabelledImages) -> None:
    """Raise ZooError for a part that is empty or ill-labelled: an accelerator would answer with a bare assertion."""
    num_classes = len(images.classes)
    for name, split in images.splits.items():
        if not split.labels:
            raise ZooError(f"the {name} part of the dataset is empty", "give it images, or leave it out")
        low, high = min(split.labels), max(split.labels)
        if low < 0 or high >= num_classes:
            raise ZooError(
                f"the {name} part has labels {low}..{high}, but {num_classes} classes allow 0..{num_classes - 1}",
                "fix the labels or the list of classes of this dataset",
            )
        if len(split.images) != len(split.labels):
            raise ZooError(
                f"the {name} part has {len(split.images):,} images but {len(split.labels):,} labels",
                "give one label for each image",
            )


def _check_class_sizes(classes: Sequence[str], by_class: Sequence[Sequence[int]], needed: int) -> None:
    small = [f"{name} ({len(rows)})" for name, rows in zip(classes, by_class, strict=True) if len(rows) < needed]
    if small:
        raise ZooError(
            f"{len(small)} classes have fewer than {needed} images and cannot be split: {listed(small)}",
            f"give each class at least {needed} images, or leave it out",
        )
