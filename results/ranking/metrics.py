"""Scores from saved predictions: errors, loss, and what each class got, through scikit-learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.records import Measurement

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

NUM_BEST = 5
# With five classes or fewer every answer is among the best five.
FEWEST_CLASSES_FOR_TOP5 = NUM_BEST + 1
# What a file says of the classes; files of before have probabilities, which become 0 below 1e-45.
FIGURES = ("log_probs", "top5_log_prob", "probs", "top5_prob")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Errors and loss as measurements, one row a class, and the cells of the confusion matrix that are not 0.

    A cell is (true class, predicted class, number of images); class -1 was predicted where an output was not finite.
    """

    measurements: tuple[Measurement, ...]
    per_class: tuple[dict[str, Any], ...]
    confusion_counts: tuple[tuple[int, int, int], ...]


def score(predictions: Mapping[str, Array], classes: Sequence[str]) -> Scores:
    """All that `predictions` tell.

    They are `labels` [N] and `top5_index` [N, 5], the best classes in order (all of fewer than five), with `log_probs`
    [N, K] in nats, or of many classes `top5_log_prob` [N, 5]. Older ones have `probs` [N, K] alone, or `top5_prob`.
    """
    labels, answers = predictions["labels"], predicted(predictions)
    values = [("top1_err", "%", top_error(predictions, 1))]
    if len(classes) >= FEWEST_CLASSES_FOR_TOP5:
        values.append(("top5_err", "%", top_error(predictions, 5)))
    if "log_probs" in predictions or "probs" in predictions:
        values.append(("test_loss", "nat", _log_loss(predictions)))
    return Scores(
        measurements=tuple(Measurement(name=name, unit=unit, values=(value,)) for name, unit, value in values),
        per_class=_per_class(labels, answers, classes),
        confusion_counts=_confusion_counts(labels, answers),
    )


def predicted(predictions: Mapping[str, Array]) -> Array:
    """The class predicted for each image [N]; -1 where an output was not finite (its argmax would be class 0)."""
    return ranked(predictions)[:, 0]


def correct(predictions: Mapping[str, Array]) -> Array:
    """Whether the prediction is right, for each image [N]."""
    right: Array = predicted(predictions) == predictions["labels"]
    return right


def top_error(predictions: Mapping[str, Array], k: int) -> float:
    """Percent of images whose label is not among the `k` best classes, `k` being 5 at most."""
    hits = (ranked(predictions)[:, :k] == predictions["labels"][:, None]).any(axis=1)
    return 100.0 * (1.0 - float(hits.mean()))


def ranked(predictions: Mapping[str, Array]) -> Array:
    """The best five classes of each image, best first, all of fewer than five [N, <= 5]; rows not finite are all -1."""
    import numpy as np

    figures = next((predictions[name] for name in FIGURES if name in predictions), None)
    if figures is None:
        raise KeyError(f"predictions without {' or '.join(FIGURES)}")
    order = predictions["top5_index"] if "top5_index" in predictions else best_classes(figures)
    return np.where(np.isfinite(figures).all(axis=1, keepdims=True), order, -1)


def best_classes(scores_NK: Array) -> Array:
    """The classes of the five highest scores in each row, best first [N, min(5, K)].

    Of equal scores the lower class comes first, as in an argmax: a model that says the same of every class is right
    for one class in K, and no library's way of sorting decides for which.
    """
    import numpy as np

    left, rows, best = np.array(scores_NK), np.arange(len(scores_NK)), []
    for _ in range(min(NUM_BEST, left.shape[1])):
        best.append(left.argmax(axis=1))
        left[rows, best[-1]] = -np.inf
    return np.stack(best, axis=1)


def _log_loss(predictions: Mapping[str, Array]) -> float:
    """Mean cross-entropy in nats; infinite or undefined where an output is."""
    import numpy as np

    labels = predictions["labels"]
    figures = predictions["log_probs" if "log_probs" in predictions else "probs"]
    chosen = figures[np.arange(len(labels)), labels].astype(np.float64)
    with np.errstate(divide="ignore"):
        return float(-(chosen if "log_probs" in predictions else np.log(chosen)).mean())


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


def _confusion_counts(labels: Array, predictions: Array) -> tuple[tuple[int, int, int], ...]:
    """By true, then by predicted class. The whole matrix of 3,000 classes would be nine million numbers."""
    counts = Counter(zip(labels.tolist(), predictions.tolist(), strict=True))
    return tuple((true, answer, count) for (true, answer), count in sorted(counts.items()))
