"""The mean of the class probabilities that several trials gave to the same images: the answers of an ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from results.ranking.metrics import NUM_BEST, best_classes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Predictions = Mapping[str, Array]

# No logarithm of a probability is below this: what has none would not be finite, and so no answer.
LOWEST = -3e38


def average(trials: Sequence[Predictions], num_classes: int) -> dict[str, Array]:
    """Predictions of the mean, in the form that `metrics` reads, from those of at least one trial on the same images.

    `label_log_prob` [N] is what the mean gives to the true class. Where trials kept their best five classes only, each
    of the others is taken to have an equal part of what these leave, and `certain` [N] says of which images the best
    class is the same whatever they truly had. Of an image to which one trial has no finite output, the mean has none.
    """
    if all("top5_log_prob" in trial or "top5_prob" in trial for trial in trials):
        averaged = _average_of_best([_best(trial) for trial in trials], trials[0]["labels"], num_classes)
    else:
        averaged = _average_of_all([probabilities(trial) for trial in trials], trials[0]["labels"])
    if all(trial is trials[0] for trial in trials) and "top5_index" in trials[0]:
        # Logits that differ may have one probability: the model has ranked these, and its mean with itself has too.
        averaged["top5_index"] = trials[0]["top5_index"]
    return averaged


def probabilities(trial: Predictions) -> Array:
    """Those of all classes [N, K] in float64."""
    import numpy as np

    if "log_probs" in trial:
        return np.exp(trial["log_probs"].astype(np.float64))
    probs: Array = trial["probs"].astype(np.float64)
    return probs


def given_to(trial: Predictions, rows: Array, classes: Array) -> Array:
    """The probability that a trial gave to each of `classes` [M] for the images at `rows` [M]; 0 where it is unknown.

    Unknown is that of a class which is not among the best five, where only these were kept.
    """
    import numpy as np

    if "log_probs" in trial or "probs" in trial:
        figures = trial["log_probs" if "log_probs" in trial else "probs"][rows, classes].astype(np.float64)
        return np.exp(figures) if "log_probs" in trial else figures
    index, probs = _best(trial)
    found: Array = np.where(index[rows] == classes[:, None], probs[rows], 0.0).sum(axis=1)
    return found


def _average_of_all(trials: Sequence[Array], labels: Array) -> dict[str, Array]:
    import numpy as np

    mean = sum(trials[1:], start=trials[0].copy()) / len(trials)
    log_probs = _logarithm(mean)
    chosen = log_probs[np.arange(len(labels)), labels]
    index = best_classes(mean)
    return {"labels": labels, "top5_index": index, "log_probs": log_probs, "label_log_prob": chosen}


def _best(trial: Predictions) -> tuple[Array, Array]:
    """The best five classes [N, 5] and their probabilities in float64."""
    import numpy as np

    if "top5_log_prob" in trial:
        return trial["top5_index"], np.exp(trial["top5_log_prob"].astype(np.float64))
    return trial["top5_index"], trial["top5_prob"].astype(np.float64)


def _average_of_best(trials: Sequence[tuple[Array, Array]], labels: Array, num_classes: int) -> dict[str, Array]:
    """Only classes that some trial has among its best can be the best of the mean, and its label's is asked for."""
    import numpy as np

    # In order, so that of equals the lower class comes first, as everywhere.
    classes = np.sort(np.concatenate([index for index, _ in trials], axis=1), axis=1)
    classes = np.concatenate([classes, labels[:, None]], axis=1)
    mean, least, most = (np.zeros(classes.shape) for _ in range(3))
    outside = np.zeros(len(labels))
    for index, probs in trials:
        left = np.maximum(1 - probs.sum(axis=1), 0.0)
        at_most = np.minimum(probs[:, -1], left)
        hits = classes[:, :, None] == index[:, None, :]
        known, values = hits.any(axis=2), (hits * probs[:, None, :]).sum(axis=2)
        mean += np.where(known, values, (left / (num_classes - NUM_BEST))[:, None])
        least += values
        most += np.where(known, values, at_most[:, None])
        outside += at_most
    mean /= len(trials)
    repeated = classes[:, 1:-1] == classes[:, :-2]
    places = best_classes(np.where(np.pad(repeated, ((0, 0), (1, 0))), -1.0, mean[:, :-1]))
    index = np.take_along_axis(classes, places, axis=1)
    rivals = np.where(classes == index[:, :1], 0.0, most).max(axis=1)
    return {
        "labels": labels,
        "top5_index": index,
        "top5_log_prob": _logarithm(np.take_along_axis(mean, places, axis=1)),
        "label_log_prob": _logarithm(mean[:, -1]),
        "certain": np.take_along_axis(least, places[:, :1], axis=1)[:, 0] > np.maximum(rivals, outside),
    }


def _logarithm(probs: Array) -> Array:
    import numpy as np

    with np.errstate(divide="ignore"):
        return np.maximum(np.log(probs), LOWEST)
