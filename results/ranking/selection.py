"""How much too kind the error of the best model is, because it was chosen for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from results.ranking.components import by_cluster, components

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

NUM_RESAMPLES = 400
SEED = 0


def optimism(correct: Mapping[str, Array], clusters: Array | None = None) -> float:
    """Percentage points by which the lowest error of several models is below that model's own, on average.

    The choice is repeated on resampled images (or clusters of them), and what was then chosen is judged on all:
    Efron (1983), Journal of the American Statistical Association 78, 316-331; for a choice among models Tibshirani and
    Tibshirani (2009), Annals of Applied Statistics 3, 822-829. 0 for a single model.
    """
    import numpy as np

    models = [components(answers) for answers in correct.values()]
    wrong = np.stack([model.num_wrong / model.num_seeds for model in models])
    sizes = np.ones(wrong.shape[1])
    if clusters is not None:
        wrong, sizes = by_cluster(wrong, clusters), by_cluster(sizes, clusters)
    # The same draws each time: a table that is rendered again says the same.
    generator = np.random.default_rng(SEED)
    drawn = generator.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), size=NUM_RESAMPLES).T
    resampled = (wrong @ drawn) / (sizes @ drawn)
    chosen = resampled.argmin(axis=0)
    whole = wrong.sum(axis=1) / sizes.sum()
    return 100 * float((whole[chosen] - resampled[chosen, np.arange(NUM_RESAMPLES)]).mean())
