"""What the process of a trial hands over, checked before any number of it is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from results.ranking.metrics import top_error
from zoo.errors import ZooError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Rows of float32 probabilities were seen to sum to 1 within 1e-6 at ten classes, and within 1e-5 at 20,000.
SUM_TOLERANCE = 1e-3
PERCENT_TOLERANCE = 1e-6
REMEDY = "its plugin changes what torch or the harness computes: fix it, or leave it out with --plugins …,-NAME"


def require_honest(
    predictions: Mapping[str, Array], labels: Sequence[int] | Array, claimed_top1_err: float, num_classes: int
) -> None:
    """Raise ZooError unless `predictions` are probabilities for the test images and score what the child claimed.

    `labels` [N] are the dataset's own, in the order of its test split. Rows that are not finite are let through: they
    count as wrong.
    """
    num_images = len(labels)
    _require_labels(_array(predictions, "labels", "iu", (num_images,)), labels)
    if "probs" in predictions:
        probs = _array(predictions, "probs", "f", (num_images, num_classes))
        _require_probabilities(probs, whole=True)
    else:
        _require_classes(_array(predictions, "top5_index", "iu", (num_images, 5)), num_classes)
        _require_probabilities(_array(predictions, "top5_prob", "f", (num_images, 5)), whole=False)
    error = top_error(predictions, 1)
    # Not `>`: no comparison with a claim of NaN is true.
    if not abs(error - claimed_top1_err) <= PERCENT_TOLERANCE:
        raise _dishonest(f"claims a top-1 error of {claimed_top1_err:.6g} %, but its predictions make it {error:.6g} %")


def _array(predictions: Mapping[str, Array], name: str, kinds: str, shape: tuple[int, ...]) -> Array:
    """The array of that name."""
    array = predictions.get(name)
    if array is None:
        raise _dishonest(f"has no {name}")
    if array.shape != shape or array.dtype.kind not in kinds:
        raise _dishonest(f"has {name} {list(array.shape)} of {array.dtype}, wanted {list(shape)}")
    return array


def _require_labels(labels: Array, expected: Sequence[int] | Array) -> None:
    import numpy as np

    num_wrong = int((labels != np.asarray(expected)).sum())
    if num_wrong:
        raise _dishonest(f"has other labels than the dataset for {num_wrong} of {len(labels)} test images")


def _require_probabilities(probs: Array, *, whole: bool) -> None:
    """Rows in 0..1 that sum to 1, or to no more than 1 where they are only part of a row."""
    import numpy as np

    rows = probs[np.isfinite(probs).all(axis=1)].astype(np.float64)
    sums = rows.sum(axis=1)
    bad = (rows < 0).any(axis=1) | (sums > 1 + SUM_TOLERANCE) | (whole & (sums < 1 - SUM_TOLERANCE))
    if bad.any():
        raise _dishonest(f"has {int(bad.sum())} rows of {len(probs)} that are no probabilities")


def _require_classes(index: Array, num_classes: int) -> None:
    import numpy as np

    ordered = np.sort(index, axis=1)
    if bool(((index < 0) | (index >= num_classes)).any()) or bool((ordered[:, 1:] == ordered[:, :-1]).any()):
        raise _dishonest("has best five classes that do not exist, or that are named twice")


def _dishonest(what: str) -> ZooError:
    return ZooError(f"the trial's result {what}", REMEDY)
