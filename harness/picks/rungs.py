"""Who goes on to the next stage: the best by their answers, and those that these answers may wrong.

Frozen features are unfair to some families, and a few hundred images tell little: published accuracy, each band of
latency and the paired test each keep models that the order of errors alone would lose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, Any

from results.ranking.components import components
from results.ranking.paired import paired_differences
from results.ranking.seed_effects import seed_effects

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """How many of a stage's models are kept: at least `least` and `share` of all by their errors.

    The `num_prior` with the best prior and the best of each band are kept too, and, up to `most_share` of all, each
    that is not worse than the last of the best at the one-sided `level`.
    """

    least: int = 10
    share: float = 0.25
    most_share: float = 0.4
    num_prior: int = 3
    level: float = 0.1


FIRST_RUNG = Rung()
SECOND_RUNG = Rung(least=6, share=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a model and why. `error` is in percent; `p` that it is as good as the last of the best."""

    model: str
    is_kept: bool
    reason: str
    error: float
    p: float


def survivors(
    correct: Mapping[str, Array],
    prior: Mapping[str, float],
    band: Mapping[str, int],
    rule: Rung = FIRST_RUNG,
    units: Sequence[int] | None = None,
) -> dict[str, Verdict]:
    """A verdict on each model, in the order of their errors; `correct` are answers bool [N] to the same images.

    `prior` is better where it is higher; who has none, or no `band`, is guarded by none. Equal errors stand in the
    order of the prior, then of the name, so that the order of `correct` decides nothing. `units` [N] are equal for
    images that belong together: the test then draws these as wholes.
    """
    if not correct:
        return {}
    order = sorted(correct, key=lambda name: (-int(correct[name].sum()), -prior.get(name, float("-inf")), name))
    num_best = max(rule.least, floor(rule.share * len(order)))
    best, others = order[:num_best], order[num_best:]
    p = _worse_than_last(correct, best[-1], others, units)
    kept = {name: f"among the best {len(best)}" for name in best}
    for name in _best_prior(order, prior, rule.num_prior):
        kept.setdefault(name, f"among the best {rule.num_prior} by prior")
    for name in _best_of_bands(order, band):
        kept.setdefault(name, f"best of latency band {band[name]}")
    most = max(floor(rule.most_share * len(order)), len(best))
    for name in others:
        if name not in kept and p[name] >= rule.level and len(kept) < most:
            kept[name] = f"not told apart from {best[-1]}, p = {p[name]:.2g}"
    errors = {name: 100 - 100 * float(correct[name].mean()) for name in order}
    return {
        name: Verdict(
            model=name,
            is_kept=name in kept,
            reason=kept.get(name) or _why_dropped(errors[name], errors[best[-1]], p[name], rule),
            error=errors[name],
            p=p.get(name, 1.0),
        )
        for name in order
    }


def _worse_than_last(
    correct: Mapping[str, Array], last: str, others: Sequence[str], units: Sequence[int] | None
) -> dict[str, float]:
    """The one-sided p of each of `others` that it is no worse than `last`."""
    clusters = _clusters(units)
    found = {}
    for name in others:
        models = [components(correct[one], clusters) for one in (name, last)]
        pairs = paired_differences(models, seed_effects(models), clusters)
        found[name] = float(pairs.p[0, 1]) / 2  # of one side: none of them has fewer errors
    return found


def _clusters(units: Sequence[int] | None) -> Array | None:
    """Numbers from 0 on; None where each image is its own."""
    import numpy as np

    if units is None or len(set(units)) == len(units):
        return None
    clusters: Array = np.unique(np.asarray(units), return_inverse=True)[1]
    return clusters


def _best_prior(order: Sequence[str], prior: Mapping[str, float], num: int) -> list[str]:
    """Between equal priors the lower error."""
    return sorted((name for name in order if name in prior), key=lambda name: -prior[name])[:num]


def _best_of_bands(order: Sequence[str], band: Mapping[str, int]) -> list[str]:
    best: dict[int, str] = {}
    for name in order:
        if name in band:
            best.setdefault(band[name], name)
    return list(best.values())


def _why_dropped(error: float, last: float, p: float, rule: Rung) -> str:
    shown = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    against = f"{error:.1f} % against {last:.1f} %, {shown}"
    return against if p < rule.level else f"{against}, but at most {100 * rule.most_share:g} % go on"
