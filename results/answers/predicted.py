"""What a trained model takes images for: for each the most probable classes, or why there is no answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results.answers.checkpoints import Checkpoint

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

NOT_FINITE = "the output of the model is not finite"


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedClass:
    """A class, its probability in 0..1, and the natural logarithm of that as runs keep it, which is never lost to 0."""

    name: str
    probability: float
    log_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Of one image the classes, best first; none where there is a `problem`."""

    path: Path
    ranked: tuple[RankedClass, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """Who predicts: a checkpoint of a model, the names of its classes, and the device that it runs on."""

    checkpoint: Checkpoint
    model: str
    classes: tuple[str, ...]
    device: str


def predictions(
    paths: Sequence[Path],
    problems: Sequence[str],
    logits_NK: Array,
    probabilities_NK: Array,
    log_probs_NK: Array,
    classes: Sequence[str],
    top: int,
) -> Iterator[Prediction]:
    """One for each image. Of equal logits the lower class comes first, as in every score of a run."""
    import numpy as np

    order = np.argsort(-logits_NK, axis=1, kind="stable")[:, :top]
    finite = np.isfinite(logits_NK).all(axis=1)
    for row, (path, problem) in enumerate(zip(paths, problems, strict=True)):
        if problem or not finite[row]:
            yield Prediction(path=path, problem=problem or NOT_FINITE)
            continue
        figures = ((int(at), float(probabilities_NK[row, at]), float(log_probs_NK[row, at])) for at in order[row])
        ranked = tuple(RankedClass(name=classes[at], probability=p, log_prob=log) for at, p, log in figures)
        yield Prediction(path=path, ranked=ranked)
