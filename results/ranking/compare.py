"""Which model is better, by how much, and how sure that is. `correct` is bool [S, N]: seeds by test images.

`clusters` [N] may say which images belong together; see `components`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from results.ranking.components import components
from results.ranking.error_intervals import Interval, error_intervals
from results.ranking.paired import Pairs, half_widths, paired_differences
from results.ranking.seed_effects import SeedEffects, seed_effects
from results.ranking.uncertainty import ALPHA, holm

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# A difference that is known to be less is called a tie, in percentage points.
SMALL_PP = 1.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Error of the first less error of the second in percentage points, with its interval and p.

    In a ranking the interval is at the level that the pair was tested at, so that it excludes 0 just where `p_adjusted`
    is below 5 %. The last four count images, as means over the seeds.
    """

    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    both_right: float
    only_first: float
    only_second: float
    both_wrong: float

    @property
    def significant(self) -> bool:
        return self.p_adjusted < ALPHA

    @property
    def small(self) -> bool:
        """Whether the difference is known to be less than a percentage point either way."""
        return not self.significant and max(-self.low, self.high) < SMALL_PP


@dataclass(frozen=True, slots=True)
class _Tests:
    """All pairs of models as they were tested together; matrices are [k, k], a model's place in them is `at`."""

    correct: Mapping[str, Array]
    at: Mapping[str, int]
    pairs: Pairs
    effects: SeedEffects
    adjusted: Array
    levels: Array


@dataclass(frozen=True, slots=True)
class Ranking:
    """Models by error. `places` are the ranks that the tests allow for each, all of them together with 95 % confidence.

    `best` are those of which one is the best, with 95 % confidence. Questions about two models go to the methods.
    """

    order: tuple[str, ...] = ()
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    best: frozenset[str] = frozenset()
    errors: Mapping[str, Interval] = field(default_factory=dict)
    _tests: _Tests | None = None
    # A page asks about the same pairs at each of many budgets.
    _known: dict[tuple[str, str], Comparison] = field(default_factory=dict, repr=False, compare=False)

    def compare(self, first: str, second: str) -> Comparison:
        """Two of the models, by what was made of all of them together."""
        if (first, second) not in self._known:
            self._known[first, second] = self._compared(first, second)
        return self._known[first, second]

    def _compared(self, first: str, second: str) -> Comparison:
        tests = self._tests
        assert tests is not None, "an empty ranking has no two models"
        at = tests.at[first], tests.at[second]
        half = _half_width(tests.pairs, tests.effects, at, float(tests.levels[at]))
        return _comparison(
            tests.correct[first], tests.correct[second], tests.pairs, at, float(tests.adjusted[at]), half
        )

    def among(self, names: Sequence[str]) -> dict[tuple[str, str], Comparison]:
        """Every two of these models, in the order of `names`: as `compare`, in a part of its time."""
        import numpy as np

        pairs = list(combinations(names, 2))
        if not pairs:
            return {}
        tests = self._tests
        assert tests is not None, "an empty ranking has no two models"
        first, second = (np.array([tests.at[pair[side]] for pair in pairs]) for side in (0, 1))
        halves = half_widths(tests.pairs, tests.effects, first, second, tests.levels[first, second])
        return {
            (one, other): _comparison(
                tests.correct[one], tests.correct[other], tests.pairs, at, float(tests.adjusted[at]), float(half)
            )
            for (one, other), at, half in zip(pairs, zip(first, second, strict=True), halves, strict=True)
        }

    def alone(self, first: str, second: str, num_asked: int = 1) -> Comparison:
        """Two of the models as if `num_asked` such questions had been asked, and not all that the models allow.

        What their seeds do is learnt from all models all the same.
        """
        tests = self._tests
        assert tests is not None, "an empty ranking has no two models"
        at = tests.at[first], tests.at[second]
        p, answers = min(1.0, num_asked * float(tests.pairs.p[at])), (tests.correct[first], tests.correct[second])
        return _comparison(*answers, tests.pairs, at, p, _half_width(tests.pairs, tests.effects, at, ALPHA / num_asked))

    def better(self, first: str, second: str) -> bool:
        """Whether the first has the lower error, beyond doubt."""
        tests = self._tests
        assert tests is not None, "an empty ranking has no two models"
        at = tests.at[first], tests.at[second]
        return bool(tests.adjusted[at] < ALPHA and tests.pairs.difference[at] < 0)


def compare(first_correct: Array, second_correct: Array, clusters: Array | None = None) -> Comparison:
    """Two models alone, on the same images. Raises ValueError where the numbers of images differ."""
    models = [components(first_correct, clusters), components(second_correct, clusters)]
    effects = seed_effects(models)
    pairs = paired_differences(models, effects, clusters)
    half = _half_width(pairs, effects, (0, 1), ALPHA)
    return _comparison(first_correct, second_correct, pairs, (0, 1), float(pairs.p[0, 1]), half)


def rank(correct: Mapping[str, Array], clusters: Array | None = None) -> Ranking:
    """Rank models by error on the same images. Raises ValueError where the numbers of images differ.

    A rank reaches from one more than the number of models that are significantly better to the number of those that
    are not significantly worse: simultaneous intervals of ranks, Mogstad, Romano, Shaikh and Wilhelm (2024), Review of
    Economic Studies 91, 476-518, from all pairs by Holm's steps. Which one is best is asked with k - 1 comparisons for
    each: multiple comparisons with the best, Hsu (1984), Annals of Statistics 12, 1136-1144.
    """
    if not correct:
        return Ranking()
    names = list(correct)
    models = [components(answers, clusters) for answers in correct.values()]
    effects = seed_effects(models)
    pairs = paired_differences(models, effects, clusters)
    adjusted, levels = _adjusted(pairs)
    worse = (adjusted < ALPHA) & (pairs.difference > 0)
    low, high = 1 + worse.sum(axis=1), len(names) - worse.sum(axis=0)
    behind = (pairs.difference > 0) & (pairs.p < ALPHA / max(len(names) - 1, 1))
    order = sorted(range(len(names)), key=lambda i: (models[i].error, names[i]))
    errors = error_intervals(models, effects, order[0], clusters)
    return Ranking(
        order=tuple(names[i] for i in order),
        places={names[i]: (int(low[i]), int(high[i])) for i in order},
        best=frozenset(names[i] for i in order if low[i] == 1 and not behind[i].any()),
        errors={names[i]: errors[i] for i in order},
        _tests=_Tests(correct, {name: i for i, name in enumerate(names)}, pairs, effects, adjusted, levels),
    )


def _half_width(pairs: Pairs, effects: SeedEffects, at: tuple[int, int], level: float) -> float:
    import numpy as np

    return float(half_widths(pairs, effects, np.array([at[0]]), np.array([at[1]]), np.array([level]))[0])


def _comparison(
    first_correct: Array, second_correct: Array, pairs: Pairs, at: tuple[int, int], p_adjusted: float, half: float
) -> Comparison:
    import numpy as np

    middle = float(pairs.middle[at])
    low, high = max(middle - half, -1.0), min(middle + half, 1.0)
    # McNemar's p and this interval are not each other's inverse: where they differ the test decides.
    if p_adjusted >= ALPHA:
        low, high = min(low, 0.0), max(high, 0.0)
    elif middle > 0:
        low = max(low, 0.0)
    else:
        high = min(high, 0.0)
    first, second = np.atleast_2d(first_correct).astype(float), np.atleast_2d(second_correct).astype(float)
    if len(first) != len(second):
        # No seed of one belongs to a seed of the other: the mean over all their pairs.
        first, second = first.mean(axis=0, keepdims=True), second.mean(axis=0, keepdims=True)
    both_right = float((first * second).sum(axis=1).mean())
    right_first, right_second = float(first.sum(axis=1).mean()), float(second.sum(axis=1).mean())
    return Comparison(
        difference=100 * float(pairs.difference[at]),
        low=100 * low,
        high=100 * high,
        p=float(pairs.p[at]),
        p_adjusted=p_adjusted,
        both_right=both_right,
        only_first=right_first - both_right,
        only_second=right_second - both_right,
        both_wrong=first.shape[1] - right_first - right_second + both_right,
    )


def _adjusted(pairs: Pairs) -> tuple[Array, Array]:
    """Holm over all pairs, as symmetric matrices: the adjusted p, with 1 on the diagonal, and the level of each."""
    import numpy as np

    adjusted, levels = np.ones_like(pairs.p), np.full_like(pairs.p, ALPHA)
    above = np.triu_indices(len(pairs.p), 1)
    adjusted[above], levels[above] = holm(pairs.p[above])
    for matrix in (adjusted, levels):
        matrix.T[above] = matrix[above]
    return adjusted, levels
