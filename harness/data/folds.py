"""Cross-validation: every image tests once, in the fold that it falls into, models trained on the other folds."""

from __future__ import annotations

from collections.abc import Sequence

from harness.data.splits import Part, SplitPlan, check_shares, stratified_share
from harness.data.whole_groups import folds_of, require_enough, require_every_class, share_of
from zoo import LabelledImages, ZooError
from zoo.errors import USAGE


def plan_folds(
    images: LabelledImages,
    num_folds: int,
    *,
    seed: int,
    val_split: float = 0.2,
    units: Sequence[int] | None = None,
    grouped: bool = False,
) -> list[SplitPlan]:
    """The plan of each fold: it is tested, and of the rest `val_split` chooses the best epoch.

    Folds depend on labels, units and seed alone. `units` says which images stay together, None that each is its own;
    they are called groups where a person asked for such (`grouped`), else images. Raises ZooError where the dataset
    has other parts than train, and where a class has too few units.
    """
    check_shares(val_split=val_split)
    _require_no_parts(images)
    labels = images.train.labels
    needed = max(num_folds, 4 if num_folds == 2 else 3)  # two of each class stay for train and val
    what = "groups" if grouped else "images" if units is None else "different images"
    own = units if units is not None else range(len(labels))
    require_enough(images.classes, labels, own, needed, what=what, folds=num_folds)
    tested = folds_of(labels, units, num_folds, seed)
    return [_plan(images, rows, number, seed, val_split, units) for number, rows in enumerate(tested, 1)]


def _plan(
    images: LabelledImages, test: list[int], number: int, seed: int, val_split: float, units: Sequence[int] | None
) -> SplitPlan:
    labels, tested = images.train.labels, set(test)
    rest = [row for row in range(len(labels)) if row not in tested]
    if units is None:
        val, train = stratified_share(rest, labels, val_split, f"{seed} fold {number}")
    else:
        require_every_class(images.classes, {labels[row] for row in rest}, f"train with in fold {number}")
        val, train = share_of(rest, labels, units, val_split, seed)
    require_every_class(images.classes, {labels[row] for row in train}, f"train with in fold {number}")
    parts = {"train": train, "val": val, "test": test}
    return SplitPlan(**{name: Part(pool="train", rows=rows) for name, rows in parts.items()})


def _require_no_parts(images: LabelledImages) -> None:
    own = [name for name in images.splits if name != "train"]
    if own:
        cause = f"this dataset has {' and '.join(own)} images of its own, and --folds makes its own parts"
        raise ZooError(cause, "leave --folds out, or name the images to be cut: --train-dir FOLDER alone", USAGE)
