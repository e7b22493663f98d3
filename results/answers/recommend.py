"""Which model to take: the cheapest of those that fit and may be as good as the best that fits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from results.answers.asked import NO_DATA, Unanswerable
from results.answers.limits import Figure, Limits, device_of, figures, require_batch, straddles
from results.ranking.compare import Comparison
from results.ranking.summary import Row, Summary

# Errors are shares of whole images: what differs by less differs by how it was rounded.
EQUAL_PP = 1e-9


@dataclass(frozen=True, slots=True)
class Over:
    """A model that does not fit, the figures that are over their limit, and what it would bring.

    That is the error of the chosen model less its own.
    """

    row: Row
    figures: tuple[Figure, ...]
    gain: Comparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The answer. `device` is the type of the device whose times count, "" where nothing was timed.

    `fitting` are by error, and `good` are those of them that may be as good as the first, cheapest first: the first of
    these is the one to take. `over` does not fit, nearest first: what has fewer errors than the one to take, or where
    nothing fits everything. `straddling` are models whose time may lie on either side of the limit, `unknown` those of
    which a figure that is limited is not known.
    """

    limits: Limits
    device: str
    batch_size: int | None
    fitting: tuple[Row, ...]
    good: tuple[Row, ...]
    loss: Comparison | None
    over: tuple[Over, ...]
    straddling: tuple[Row, ...]
    unknown: tuple[Row, ...]

    @property
    def chosen(self) -> Row | None:
        return self.good[0] if self.good else None


def recommend(summary: Summary, limits: Limits) -> Recommendation:
    """The model to take within `limits`. Raises Unanswerable where the run does not know what is limited.

    Whether one may be as good as another is what the ranking of the run says of them; with `within`, what has at most
    so many points of error more is good enough, whether the tests tell them apart or not. The cheapest is the fastest,
    then the smallest.
    """
    if not summary.ranked:
        cause = "no trial of this run ended well, or none left predictions: there is nothing to recommend"
        raise Unanswerable(cause, "see what went wrong: harness table", NO_DATA)
    device = device_of(summary, limits)
    require_batch(summary, limits)
    known = {row.model: figures(row, limits, device) for row in summary.ranked}
    judged = [row for row in summary.ranked if all(figure.value is not None for figure in known[row.model])]
    fitting = [row for row in judged if all(figure.excess <= 1 for figure in known[row.model])]
    good = sorted(_good(summary, fitting, limits.within), key=lambda row: _cost(row, device))
    loss = summary.ranking.compare(good[0].model, fitting[0].model) if good and good[0] is not fitting[0] else None
    return Recommendation(
        limits=limits,
        device=device,
        batch_size=next((size for row in summary.ranked if (size := row.fact("infer_batch_size"))), None),
        fitting=tuple(fitting),
        good=tuple(good),
        loss=loss,
        over=_over(summary, [row for row in judged if row not in fitting], known, good[0] if good else None),
        straddling=tuple(row for row in judged if straddles(row.time(device, "infer"), limits.max_ms)),
        unknown=tuple(row for row in summary.ranked if row not in judged),
    )


def _good(summary: Summary, fitting: Sequence[Row], within: float | None) -> list[Row]:
    """Those that are as good as the first of `fitting`, or may be."""
    if not fitting:
        return []
    best = fitting[0]
    if within is None:
        return [row for row in fitting if not summary.ranking.better(best.model, row.model)]
    return [row for row in fitting if _mean(row) <= _mean(best) + within + EQUAL_PP]


def _over(
    summary: Summary, rows: Sequence[Row], known: Mapping[str, Sequence[Figure]], chosen: Row | None
) -> tuple[Over, ...]:
    found = []
    for row in rows:
        too_much = tuple(figure for figure in known[row.model] if figure.excess > 1)
        if chosen is None:
            found.append(Over(row, too_much))
        elif _mean(row) < _mean(chosen):
            found.append(Over(row, too_much, summary.ranking.compare(chosen.model, row.model)))
    return tuple(sorted(found, key=lambda over: max(figure.excess for figure in over.figures)))


def _mean(row: Row) -> float:
    assert row.error is not None, "every ranked model has an error"
    return row.error.mean


def _cost(row: Row, device: str) -> tuple[float, float, float]:
    """What is cheaper sorts first: by time, then by parameters, then by error; what is not known is dear."""
    time, count = row.time(device, "infer"), row.fact("param_count")
    return time.median if time else math.inf, math.inf if count is None else count, _mean(row)
