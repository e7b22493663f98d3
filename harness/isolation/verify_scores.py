"""What the process of a trial hands over, checked before any number of it is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from results.ranking.metrics import NUM_BEST, top_error
from results.store.codec import VALIDATION
from zoo.errors import ZooError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Rows of float32 probabilities were seen to sum to 1 within 1e-6 at ten classes, and within 1e-5 at 20,000. Of
# log-probabilities the sum is right as far as the largest is, and that one is rounded by less than 1e-6.
SUM_TOLERANCE = 1e-3
PERCENT_TOLERANCE = 1e-6
REMEDY = "its plugin changes what torch or the harness computes: fix it, or leave it out with --plugins …,-NAME"


def require_honest(
    predictions: Mapping[str, Array], labels: Sequence[int] | Array, claimed_top1_err: float, num_classes: int
) -> None:
    """Raise ZooError unless `predictions` are of the test images, fit themselves, and score what the child claimed.

    `labels` [N] are the dataset's own, in the order of its test split. Rows that are not finite are let through: they
    count as wrong.
    """
    _require_predictions(predictions, labels, num_classes)
    error = top_error(predictions, 1)
    # Not `>`: no comparison with a claim of NaN is true.
    if not abs(error - claimed_top1_err) <= PERCENT_TOLERANCE:
        raise _dishonest(f"claims a top-1 error of {claimed_top1_err:.6g} %, but its predictions make it {error:.6g} %")


def require_validation(predictions: Mapping[str, Array], labels: Sequence[int] | Array, num_classes: int) -> None:
    """Raise ZooError unless what the child left of the validation images is of them and fits itself.

    `labels` [M] are the dataset's own, in the order of its validation split. What the process of a plugin makes of
    the right images, consistently, nobody can tell from what its model says: as little as of the test images.
    """
    _require_predictions(predictions, labels, num_classes, prefix=VALIDATION)


def _require_predictions(
    predictions: Mapping[str, Array], labels: Sequence[int] | Array, num_classes: int, prefix: str = ""
) -> None:
    """Of one part of the images; the names of its arrays begin with `prefix`."""
    num_images = len(labels)
    best = (num_images, min(NUM_BEST, num_classes))
    _require_labels(_array(predictions, f"{prefix}labels", "iu", (num_images,)), labels, f"{prefix}labels")
    index = _array(predictions, f"{prefix}top5_index", "iu", best)
    _require_classes(index, num_classes)
    if f"{prefix}log_probs" in predictions:
        log_probs = _array(predictions, f"{prefix}log_probs", "f", (num_images, num_classes))
        _require_probabilities(log_probs, whole=True)
        _require_best(index, log_probs)
    else:
        log_probs = _array(predictions, f"{prefix}top5_log_prob", "f", best)
        _require_probabilities(log_probs, whole=False)
        _require_falling(log_probs)


def _array(predictions: Mapping[str, Array], name: str, kinds: str, shape: tuple[int, ...]) -> Array:
    """The array of that name."""
    array = predictions.get(name)
    if array is None:
        raise _dishonest(f"has no {name}")
    if array.shape != shape or array.dtype.kind not in kinds:
        raise _dishonest(f"has {name} {list(array.shape)} of {array.dtype}, wanted {list(shape)}")
    return array


def _require_labels(labels: Array, expected: Sequence[int] | Array, name: str) -> None:
    import numpy as np

    num_wrong = int((labels != np.asarray(expected)).sum())
    if num_wrong:
        raise _dishonest(f"has other {name} than the dataset for {num_wrong} of {len(labels)} images")


def _require_probabilities(log_probs: Array, *, whole: bool) -> None:
    """Rows whose exponentials sum to 1, or to no more than 1 where they are only part of a row."""
    import numpy as np

    rows = log_probs[np.isfinite(log_probs).all(axis=1)]
    with np.errstate(over="ignore"):
        sums = np.exp(rows.astype(np.float64)).sum(axis=1)
    bad = (sums > 1 + SUM_TOLERANCE) | (whole & (sums < 1 - SUM_TOLERANCE))
    if bad.any():
        raise _dishonest(f"has {int(bad.sum())} rows of {len(log_probs)} that are no log-probabilities")


def _require_best(index: Array, log_probs: Array) -> None:
    """They are in order, and no class outside `index` has more; between equals the logits have decided."""
    import numpy as np

    best = np.take_along_axis(log_probs, index, axis=1)
    _require_falling(best)
    others = np.array(log_probs)
    np.put_along_axis(others, index, -np.inf, axis=1)
    num_bad = int((others.max(axis=1) > best[:, -1]).sum())  # no comparison with NaN is true
    if num_bad:
        raise _dishonest(f"has {num_bad} rows of {len(index)} whose best classes are not the most probable")


def _require_falling(best: Array) -> None:
    num_bad = int((best[:, 1:] > best[:, :-1]).any(axis=1).sum())
    if num_bad:
        raise _dishonest(f"has {num_bad} rows of {len(best)} whose best classes are not in order")


def _require_classes(index: Array, num_classes: int) -> None:
    import numpy as np

    ordered = np.sort(index, axis=1)
    if bool(((index < 0) | (index >= num_classes)).any()) or bool((ordered[:, 1:] == ordered[:, :-1]).any()):
        raise _dishonest("has best five classes that do not exist, or that are named twice")


def _dishonest(what: str) -> ZooError:
    return ZooError(f"the trial's result {what}", REMEDY)
