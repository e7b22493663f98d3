"""Predicts how long models take on a device from a few that were timed there: Bayesian regression of the logarithm.

The logarithm of the time is linear in those of multiply-adds, activations and parameters, with an effect of each family
of architectures. Coefficients and residual variance have a normal-inverse-gamma prior, whose posterior and predictive
t-distribution are closed forms (Gelman et al., Bayesian Data Analysis, 3rd edition, section 14.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from results.ranking.uncertainty import t_quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

COVERAGE = 0.9
NUM_SIZES = 3  # multiply-adds, activations, parameters
# Of those, of a model in the middle: the intercept is then its time.
USUAL = np.log([1e9, 1e7, 1e7])
# Standard deviations of the prior of each coefficient, in units of the residual's.
INTERCEPT, SLOPE, FAMILY = 100.0, 4.0, 1.2
# How much further they may differ from one machine to another, and the degrees of freedom with which the residual of
# one is known on another.
ANOTHER_SLOPE, ANOTHER_FAMILY, ANOTHER_RESIDUAL, ANOTHER_DEGREES = 0.6, 0.6, 1.6, 5.0
# Before anything was timed: half to twice the time, on the evidence of one model or so.
RESIDUAL, DEGREES = 0.3, 2.0


class Sized(Protocol):
    """What is known of a model without timing it; a `CatalogueEntry` is one."""

    @property
    def family(self) -> str: ...
    @property
    def macs(self) -> int: ...
    @property
    def activations(self) -> int: ...
    @property
    def param_count(self) -> int: ...


Timed = tuple[Sized, float]  # a model, and its ms a batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Milliseconds a batch: the median, and the ends of the interval that holds the measured time in 9 of 10 cases."""

    ms: float
    low: float
    high: float

    def against(self, max_ms: float) -> str:
        """What the whole interval says of a limit: "fits", "too slow", or "straddles" where it lies on both sides."""
        if self.low > max_ms:
            return "too slow"
        return "fits" if self.high <= max_ms else "straddles"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyModel:
    """Coefficients [P] with their covariance [P, P] in units of `residual`², which is known to `degrees` of freedom."""

    families: tuple[str, ...]
    mean: Array
    covariance: Array
    residual: float
    degrees: float

    def predict(self, entry: Sized) -> Prediction:
        """The time that a model will take on the device whose times the model was fitted to."""
        (row,) = _rows([entry], self.families)
        # A family that was never timed has its own effect, of which only the size is known.
        unknown = 0.0 if entry.family in self.families else FAMILY**2
        spread = self.residual * float(np.sqrt(1.0 + row @ self.covariance @ row + unknown))
        half = spread * t_quantile((1 + COVERAGE) / 2, self.degrees)
        middle = float(row @ self.mean)
        return Prediction(ms=_ms(middle), low=_ms(middle - half), high=_ms(middle + half))


def fit(anchors: Sequence[Timed], earlier: Sequence[Timed] = ()) -> LatencyModel:
    """Learn from `anchors`, timed on the device in question, and from `earlier` times of another one.

    The earlier ones say how times depend on work and family, and nothing of how fast this device is.
    """
    families = tuple(sorted({entry.family for entry, _ in (*anchors, *earlier)}))
    model = _before(families)
    if earlier:
        model = _on_another_machine(_updated(model, earlier))
    return _updated(model, anchors)


def choose_anchors(entries: Sequence[Sized], count: int = 12, earlier: Sequence[Timed] = ()) -> list[int]:
    """Which of `entries` to time so that the others are predicted best: indices, the most telling first.

    Greedily the one that takes most of the variance of all predictions, which depends on no time (Fedorov, Theory of
    Optimal Experiments, 1972). Equal ones are taken in the order given.
    """
    families = tuple(sorted({entry.family for entry in entries} | {entry.family for entry, _ in earlier}))
    model = _before(families)
    if earlier:
        model = _on_another_machine(_updated(model, earlier))
    rows = _rows(entries, families)
    shared = rows @ model.covariance @ rows.T  # [N, N]
    chosen: list[int] = []
    for _ in range(min(count, len(entries))):
        gains = (shared**2).sum(axis=0) / (1.0 + shared.diagonal())
        gains[chosen] = -1.0
        best = int(np.argmax(gains))
        chosen.append(best)
        shared = shared - np.outer(shared[:, best], shared[best]) / (1.0 + shared[best, best])
    return chosen


def _before(families: tuple[str, ...]) -> LatencyModel:
    deviations = np.array([INTERCEPT, *[SLOPE] * NUM_SIZES, *[FAMILY] * len(families)])
    return LatencyModel(
        families=families,
        mean=np.array([0.0, *[1 / NUM_SIZES] * NUM_SIZES, *[0.0] * len(families)]),
        covariance=np.diag(deviations**2),
        residual=RESIDUAL,
        degrees=DEGREES,
    )


def _on_another_machine(model: LatencyModel) -> LatencyModel:
    num_families = len(model.families)
    more = np.array([INTERCEPT, *[ANOTHER_SLOPE] * NUM_SIZES, *[ANOTHER_FAMILY] * num_families])
    return LatencyModel(
        families=model.families,
        mean=model.mean,
        covariance=model.covariance + np.diag(more**2),
        residual=ANOTHER_RESIDUAL * model.residual,
        degrees=min(model.degrees, ANOTHER_DEGREES),
    )


def _updated(model: LatencyModel, timed: Sequence[Timed]) -> LatencyModel:
    """The posterior after `timed` models."""
    rows = _rows([entry for entry, _ in timed], model.families)
    times = np.log([ms for _, ms in timed])
    across = model.covariance @ rows.T
    gain = np.linalg.solve(rows @ across + np.eye(len(timed)), across.T).T
    wrong = times - rows @ model.mean
    degrees = model.degrees + len(timed)
    surprise = float(wrong @ np.linalg.solve(rows @ across + np.eye(len(timed)), wrong))
    return LatencyModel(
        families=model.families,
        mean=model.mean + gain @ wrong,
        covariance=model.covariance - gain @ across.T,
        residual=float(np.sqrt((model.degrees * model.residual**2 + surprise) / degrees)),
        degrees=degrees,
    )


def _sizes(entry: Sized) -> list[float]:
    return [float(np.log(max(1, size))) for size in (entry.macs, entry.activations, entry.param_count)]


def _rows(entries: Iterable[Sized], families: Sequence[str]) -> Array:
    """One row a model: 1, the logarithms of its sizes around those of a usual model, and its family."""
    return np.array(
        [
            [1.0, *np.subtract(_sizes(entry), USUAL), *[float(entry.family == family) for family in families]]
            for entry in entries
        ]
    )


def _ms(log_ms: float) -> float:
    return float(np.exp(log_ms))
