"""Parts and folds that take no group apart, through scikit-learn's stratified splitters."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Collection, Sequence
from fractions import Fraction

from harness.data.files.printable import listed
from zoo import ZooError
from zoo.errors import USAGE

MOST_PIECES = 20  # shares are multiples of a twentieth, or of less where a class has fewer groups
FEWEST = 3  # one for each of train, val and test
STATES = 2**32
FINER = "give it images of more groups, or split by something finer with --group-by"


def folds_of(labels: Sequence[int], units: Sequence[int] | None, num_folds: int, seed: int) -> list[list[int]]:
    """The rows of each fold, sorted: every row is in one. `units` None: each image is its own.

    scikit-learn's StratifiedKFold and StratifiedGroupKFold, shuffled by the seed.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    splitter = StratifiedKFold if units is None else StratifiedGroupKFold
    folds = splitter(num_folds, shuffle=True, random_state=seed % STATES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with few images: what that costs is said by ourselves
        return [test.tolist() for _, test in folds.split([0] * len(labels), labels, units)]


def share_of(
    rows: Sequence[int], labels: Sequence[int], units: Sequence[int], share: float, seed: int
) -> tuple[list[int], list[int]]:
    """About that share of `rows` in whole units, and the rest, both sorted; both have every class, where they can.

    `labels` and `units` are those of all rows of the pool. Raises ZooError where there is one unit only.
    """
    own_labels, own_units = [labels[row] for row in rows], [units[row] for row in rows]
    if len(set(own_units)) < 2:
        raise ZooError("all images that are left to train with are of one group", FINER)
    fewest = min(len(of_class) for of_class in units_by_class(own_labels, own_units).values())
    most = min(max(fewest, 2), MOST_PIECES)
    pieces = Fraction(share).limit_denominator(most)
    pieces = min(max(pieces, Fraction(1, most)), Fraction(most - 1, most))
    folds = folds_of(own_labels, own_units, pieces.denominator, seed)
    taken = _with_every_class(folds, own_labels, pieces.numerator)
    return [rows[at] for at in sorted(taken)], [row for at, row in enumerate(rows) if at not in taken]


def _with_every_class(folds: Sequence[Sequence[int]], labels: Sequence[int], num_taken: int) -> set[int]:
    """So many neighbouring folds: the first ones that have every class and leave every class; else the first ones."""
    classes = set(labels)
    for start in range(len(folds)):
        taken = {at for step in range(num_taken) for at in folds[(start + step) % len(folds)]}
        left = {label for at, label in enumerate(labels) if at not in taken}
        if classes == left == {labels[at] for at in taken}:
            return taken
    return {at for fold in folds[:num_taken] for at in fold}


def units_by_class(labels: Sequence[int], units: Sequence[int]) -> dict[int, set[int]]:
    """The units that have images of each class."""
    by_class: dict[int, set[int]] = defaultdict(set)
    for label, unit in zip(labels, units, strict=True):
        by_class[label].add(unit)
    return by_class


def require_enough(
    classes: Sequence[str], labels: Sequence[int], units: Sequence[int], needed: int, *, what: str, folds: int | None
) -> None:
    """Raise ZooError where a class has fewer than `needed` units, which `what` calls: images, or groups."""
    by_class = units_by_class(labels, units)
    counts = {name: len(by_class.get(label, ())) for label, name in enumerate(classes)}
    small = [f"{name} ({count})" for name, count in counts.items() if count < needed]
    if not small:
        return
    aim = f"cannot be in each of {folds} folds" if folds else "cannot be split"
    fewest = min(counts.values())
    fewer = f"give --folds {fewest}, or " if folds and FEWEST <= fewest < folds else ""
    raise ZooError(
        f"{len(small)} classes have fewer than {needed} {what} and {aim}: {listed(small)}",
        f"{fewer}give each class at least {needed} {what}, or leave it out",
        *([USAGE] if fewer else []),
    )


def require_every_class(classes: Sequence[str], labels: Collection[int], part: str) -> None:
    """Raise ZooError where a part has images of some classes only: groups of several classes can make it so."""
    lost = [name for label, name in enumerate(classes) if label not in labels]
    if lost:
        cause = f"whole groups leave no image of {listed(lost)} to {part}"
        raise ZooError(cause, FINER)
