"""How much too kind the validation error of a chosen model is: the best of many has been lucky too.

The images are cut into ten folds, again and again: the model that is best on nine of them is judged on the tenth, which
had no say in the choice. Nothing is trained. Choosing on a bootstrap sample and judging on all images, which is more
usual (Efron 1983, Journal of the American Statistical Association 78, 316-331), finds only seven tenths of it where all
models are equally good, since the luck of the images themselves is in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

FOLDS = 10
REPEATS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimism:
    """Of the best of `num_models` on the validation images: its `error` there in percent, and by how many percentage
    points (`pp`) that is too kind on average."""

    error: float
    pp: float
    num_models: int


def optimism(
    correct: Mapping[str, Array], units: Sequence[int] | None = None, seed: int = 0, repeats: int = REPEATS
) -> Optimism:
    """Of choosing the model with the most right answers, bool [N] each to the same images.

    `units` [N] are equal for images that belong together: no fold takes these apart. Models that are equally good on
    nine folds are chosen equally often.
    """
    import numpy as np

    answers: Array = np.stack([np.asarray(one, dtype=np.float64) for one in correct.values()])
    num_images = answers.shape[1]
    members = np.arange(num_images) if units is None else np.unique(np.asarray(units), return_inverse=True)[1]
    num_units = len(set(members.tolist()))
    num_folds = min(FOLDS, num_units)
    gaps = []
    generator = np.random.default_rng(seed)
    for _ in range(repeats if num_folds > 1 else 0):
        fold = (generator.permutation(num_units) % num_folds)[members]
        gaps.append(_gap(answers, np.eye(num_folds)[fold]))
    # A choice by nine tenths of the images rests on fewer, and is that much kinder to itself.
    kept = sqrt((num_folds - 1) / num_folds)
    return Optimism(
        error=100 - 100 * float(np.max(answers.mean(axis=1))),
        pp=max(0.0, 100 * kept * float(np.mean(gaps))) if gaps else 0.0,
        num_models=len(answers),
    )


def _gap(answers_MN: Array, folds_NF: Array) -> float:
    """Accuracy of the chosen on the images that chose them, less that on the fold that did not; mean over images."""
    import numpy as np

    sizes_F = folds_NF.sum(axis=0)
    right_MF = answers_MN @ folds_NF
    inside_MF = (right_MF.sum(axis=1, keepdims=True) - right_MF) / (sizes_F.sum() - sizes_F)
    # Counts of right answers are whole numbers: equally good ones are equal to the bit.
    chosen_MF = inside_MF == np.max(inside_MF, axis=0)
    gap_MF = inside_MF - right_MF / sizes_F
    gap_F = (gap_MF * chosen_MF).sum(axis=0) / chosen_MF.sum(axis=0)
    return float(np.average(gap_F, weights=sizes_F))
