"""What the answers of one model's seeds say: how many of them missed each image, and how far they are from each other.

A trial is a draw of a seed (a reader, in the words of the literature) that judges every image (a case): a crossed
layout, as in Dorfman, Berbaum and Metz (1992), Investigative Radiology 27, 723-731.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Components:
    """One model. `num_wrong` [N] counts the seeds that missed an image.

    `between` is the variance of the seeds' error rates; `chance` is what it would be if seeds had no effect, and
    `disagreement` the mean over images of p(1 - p), p being a seed's chance to miss the image. All three are unknown,
    and 0, for one seed.
    """

    num_wrong: Array
    num_seeds: int
    between: float
    chance: float
    disagreement: float

    @property
    def error(self) -> float:
        return float(self.num_wrong.mean()) / self.num_seeds


def components(correct: Array, clusters: Array | None = None) -> Components:
    """Split up the answers of one model, bool [S, N] or, for one seed, [N]. Raises ValueError where there is none.

    `clusters` [N] are whole numbers from 0 on: images of one cluster, such as photographs of one animal, count as
    draws that belong together.
    """
    import numpy as np

    wrong = ~np.atleast_2d(np.asarray(correct, dtype=bool))
    num_seeds, num_images = wrong.shape
    if not wrong.size:
        raise ValueError("no answers: at least one seed and one image are needed")
    num_wrong, rates = wrong.sum(axis=0, dtype=np.float64), wrong.mean(axis=1)
    if num_seeds == 1:
        return Components(num_wrong, 1, 0.0, 0.0, 0.0)
    own = rates - rates.mean()
    squares = wrong.sum() - (num_wrong @ num_wrong) / num_seeds - num_images * (own**2).sum()
    disagreement = max(float(squares), 0.0) / (num_seeds - 1) / max(num_images - 1, 1)
    chance = disagreement / num_images
    if clusters is not None:
        rest = by_cluster(wrong - num_wrong / num_seeds - own[:, None], clusters)
        chance = float((rest**2).sum()) / (num_seeds - 1) / num_images**2
    return Components(num_wrong, num_seeds, float(rates.var(ddof=1)), chance, disagreement)


def by_cluster(values: Array, clusters: Array) -> Array:
    """Sums [..., C] of `values` [..., N] over the images of each cluster."""
    import numpy as np

    sums = np.zeros((*values.shape[:-1], int(clusters.max()) + 1))
    for at in np.ndindex(*values.shape[:-1]):
        sums[at] = np.bincount(clusters, values[at], sums.shape[-1])
    return sums
