"""What a probe found out of one model: an answer to each image, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.isolation.validate import is_number
from results.records import STATUSES

Array = np.ndarray[Any, Any]
Facts = Mapping[str, "str | float | bool"]

PREDICTIONS, SCORES = "predictions", "scores"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """One model at one stage; `status` is "ok", or how it ended, with the `error` and the `phase` it was in.

    `predictions_N` are classes of the images that the stage judges on. `scores_NK` are what they follow from, at stage
    1 those of ridge without the image, at stage 2 log-probabilities; None above a hundred classes. `facts` say how the
    features came about and with which penalty; `seconds` are by phase; `log` is what the process of a failed one said.
    """

    model: str
    stage: int
    status: str
    error: str = ""
    phase: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    log: str = ""
    predictions_N: Array | None = None
    scores_NK: Array | None = None

    @property
    def is_ok(self) -> bool:
        """Whether it has answers."""
        return self.status == "ok"

    def correct(self, labels: Sequence[int]) -> Array:
        """Bool [N]: which answers are right. Of a model that has none, all are wrong."""
        expected = np.asarray(labels)
        if self.predictions_N is None:
            return np.zeros(len(expected), dtype=bool)
        right: Array = self.predictions_N == expected
        return right

    @property
    def words(self) -> dict[str, Any]:
        """All but the arrays, as plain data."""
        names = ("model", "stage", "status", "error", "phase", "log")
        plain = {name: getattr(self, name) for name in names}
        return plain | {"seconds": dict(self.seconds), "facts": dict(self.facts)}


def read_result(words: Any, arrays: Mapping[str, Array], *, num_images: int, num_classes: int) -> ProbeResult:
    """A result from its words and arrays. Raises ValueError where it is not what a probe of so many images gives.

    Whoever wrote it ran a stranger's code: no word of it is believed that does not fit.
    """
    try:
        result = ProbeResult(
            **{name: words[name] for name in ("model", "stage", "status", "error", "phase", "log")},
            seconds=dict(words["seconds"]),
            facts=dict(words["facts"]),
            predictions_N=arrays.get(PREDICTIONS),
            scores_NK=arrays.get(SCORES),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it is no result of a probe ({type(error).__name__})") from error
    _require_words(result)
    if result.is_ok != (result.predictions_N is not None):
        raise ValueError(f"it is {result.status} and has {'no ' if result.is_ok else ''}predictions")
    if result.predictions_N is not None:
        _require_answers(result.predictions_N, result.scores_NK, num_images, num_classes)
    return result


def _require_words(result: ProbeResult) -> None:
    texts = (result.model, result.status, result.error, result.phase, result.log, *result.seconds, *result.facts)
    if not all(isinstance(text, str) for text in texts) or result.status not in STATUSES:
        raise ValueError("its words are no text")
    if not all(is_number(value) for value in (result.stage, *result.seconds.values())):
        raise ValueError("its seconds are no numbers")
    if not all(is_number(value) or isinstance(value, str | bool) for value in result.facts.values()):
        raise ValueError("its facts are neither numbers nor words")
    if not result.is_ok and not result.error:
        raise ValueError(f"it is {result.status} and does not say why")


def _require_answers(predictions_N: Array, scores_NK: Array | None, num_images: int, num_classes: int) -> None:
    if predictions_N.shape != (num_images,) or predictions_N.dtype.kind not in "iu":
        raise ValueError(f"its predictions are {list(predictions_N.shape)} of {predictions_N.dtype}")
    if predictions_N.min() < 0 or predictions_N.max() >= num_classes:
        raise ValueError("its predictions are of classes that do not exist")
    if scores_NK is None:
        return
    if scores_NK.shape != (num_images, num_classes) or scores_NK.dtype.kind != "f":
        raise ValueError(f"its scores are {list(scores_NK.shape)} of {scores_NK.dtype}")
    if not (scores_NK.argmax(axis=1) == predictions_N).all():
        raise ValueError("its predictions are not those of its scores")
