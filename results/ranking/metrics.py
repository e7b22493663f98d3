"""Scores from saved predictions: errors, loss, and what each class got, through scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.records import Measurement

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# With five classes or fewer every answer is among the best five.
FEWEST_CLASSES_FOR_TOP5 = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Errors and loss as measurements, one row a class, and the confusion matrix (true by predicted)."""

    measurements: tuple[Measurement, ...]
    per_class: tuple[dict[str, Any], ...]
    confusion: tuple[tuple[int, ...], ...]


def score(predictions: Mapping[str, Array], classes: Sequence[str]) -> Scores:
    """All that `predictions` tell: `labels` [N] with `probs` [N, K], or with `top5_index` and `top5_prob` [N, 5]."""
    labels = predictions["labels"]
    values = [("top1_err", "%", top_error(predictions, 1))]
    if len(classes) >= FEWEST_CLASSES_FOR_TOP5:
        values.append(("top5_err", "%", top_error(predictions, 5)))
    if "probs" in predictions:
        values.append(("test_loss", "nat", _log_loss(predictions["probs"], labels)))
    return Scores(
        measurements=tuple(Measurement(name=name, unit=unit, values=(value,)) for name, unit, value in values),
        per_class=_per_class(labels, predicted(predictions), classes),
        confusion=_confusion(labels, predicted(predictions), len(classes)),
    )


def predicted(predictions: Mapping[str, Array]) -> Array:
    """The class predicted for each image [N]; -1 where an output was not finite (its argmax would be class 0)."""
    return ranked(predictions)[:, 0]


def correct(predictions: Mapping[str, Array]) -> Array:
    """Whether the prediction is right, for each image [N]."""
    right: Array = predicted(predictions) == predictions["labels"]
    return right


def top_error(predictions: Mapping[str, Array], k: int) -> float:
    """Percent of images whose label is not among the `k` classes of the highest probability."""
    hits = (ranked(predictions)[:, :k] == predictions["labels"][:, None]).any(axis=1)
    return 100.0 * (1.0 - float(hits.mean()))


def ranked(predictions: Mapping[str, Array]) -> Array:
    """Classes by falling probability, at least five where there are as many [N, >= 1]; rows not finite are all -1."""
    import numpy as np

    if "probs" not in predictions:
        order, probs = predictions["top5_index"], predictions["top5_prob"]
    else:
        probs = predictions["probs"]
        order = np.argsort(-probs, axis=1, kind="stable")
    return np.where(np.isfinite(probs).all(axis=1, keepdims=True), order, -1)


def _log_loss(probs: Array, labels: Array) -> float:
    """Mean cross-entropy in nats; infinite or undefined where an output is."""
    import numpy as np

    chosen = probs[np.arange(len(labels)), labels].astype(np.float64)
    with np.errstate(divide="ignore"):
        return float(-np.log(chosen).mean())


def _per_class(labels: Array, predictions: Array, classes: Sequence[str]) -> tuple[dict[str, Any], ...]:
    from sklearn.metrics import precision_recall_fscore_support

    indices = range(len(classes))
    precision, recall, f1, counts = precision_recall_fscore_support(
        labels, predictions, labels=list(indices), zero_division=float("nan")
    )
    return tuple(
        {
            "name": classes[index],
            "n": int(counts[index]),
            "accuracy": _percent(recall[index]),
            "precision": _percent(precision[index]),
            "recall": _percent(recall[index]),
            "f1": _percent(f1[index]),
        }
        for index in indices
    )


def _percent(share: float) -> float | None:
    """None where it is not defined: no image of the class, or none predicted to be of it."""
    return None if share != share else 100.0 * float(share)


def _confusion(labels: Array, predictions: Array, num_classes: int) -> tuple[tuple[int, ...], ...]:
    from sklearn.metrics import confusion_matrix

    matrix = confusion_matrix(labels, predictions, labels=list(range(num_classes)))
    return tuple(tuple(int(count) for count in row) for row in matrix)
