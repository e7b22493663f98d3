"""What one trial leaves behind: plain, immutable data with a schema version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import fmean, median, quantiles
from typing import Any

SCHEMA = 1
STATUSES = ("ok", "failed", "oom", "timeout", "diverged", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measured quantity with its raw samples; every statistic is derived from them.

    `rounds` says how many of the values, in their order, were taken in each round: samples of one round are neighbours
    and share what the machine did meanwhile. Empty where all were taken in one, as in records of before.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    lower_is_better: bool = True
    rounds: tuple[int, ...] = ()

    @property
    def by_round(self) -> tuple[tuple[float, ...], ...]:
        """The values of each round that has any."""
        ends = list(accumulate(self.rounds or (self.n,)))
        parts = (self.values[start:end] for start, end in zip([0, *ends], ends, strict=False))
        return tuple(part for part in parts if part)

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def mean(self) -> float:
        return fmean(self.values)

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def min(self) -> float:
        return min(self.values)

    @property
    def iqr(self) -> float:
        """Width of the middle half; 0 for a single sample."""
        if len(self.values) < 2:
            return 0.0
        # Inclusive: by default the quartiles of two samples lie beyond both.
        low, _, high = quantiles(self.values, n=4, method="inclusive")
        return high - low


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a trial did not end `ok`: where it was, one line of cause, and the file with the traceback."""

    phase: str
    cause: str
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One trial: what was asked (`trial`), of which plugin, where, on which data, and what came out.

    `facts` holds what is known rather than sampled: param_count, weights, head, img_size and the like.
    `per_class` has one row a class: name, n, accuracy, precision, recall, f1 (percent, None where undefined).
    `history` has one row an epoch. `confusion_counts` has a cell (true class, predicted class, number of images) for
    each pair that occurred, in order; class -1 was predicted where an output was not finite.
    `timing_machine` is the one that took the step times where that is not the `machine` which trained the model: a
    worker's trials are timed once all are trained, on one host. Empty until then.
    """

    key: str
    model: str
    dataset: str
    seed: int
    device: str
    status: str
    trial: Mapping[str, Any]
    plugin: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: Failure | None = None
    measurements: tuple[Measurement, ...] = ()
    history: tuple[Mapping[str, Any], ...] = ()
    per_class: tuple[Mapping[str, Any], ...] = ()
    confusion_counts: tuple[tuple[int, int, int], ...] = ()
    timing_machine: Mapping[str, Any] | None = None
    schema: int = SCHEMA

    @property
    def fold(self) -> int | None:
        """Which fold of cross-validation it was tested on, from 1 on; None without folds."""
        return self.trial.get("fold")

    @property
    def folds(self) -> int:
        """How many folds its seed has; 0 without folds."""
        return self.trial.get("folds") or 0

    @property
    def machine_of_times(self) -> Mapping[str, Any]:
        """The machine whose clock the step times are from; the one that trained where none has taken them yet."""
        return self.timing_machine or self.machine

    def measured(self, name: str) -> Measurement | None:
        """The measurement of that name, or None where it was not taken."""
        return next((m for m in self.measurements if m.name == name), None)
