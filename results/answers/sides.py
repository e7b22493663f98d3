"""The two sides of a comparison: models of stored runs, with what is needed to hold one against the other."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.answers.asked import NO_DATA, Unanswerable
from results.answers.time_ratio import Ratio, ratio
from results.ranking.comparability import NotComparable
from results.ranking.compare import Ranking, rank
from results.ranking.summary import Row, Summary, summarise
from results.records import Record
from results.sanitize import plain
from results.store.run_store import RunStore

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Not what a first step takes, which was measured once.
STEP = re.compile(r"[a-z]+_(infer|train)_step_time")


@dataclass(frozen=True, slots=True)
class Side:
    """One model of one run: its row, and where predictions were kept whether each test image was met [S, N].

    `labels` and `clusters` [N] are of these images, None where they are not known, or where there are no groups.
    """

    run: str
    row: Row
    correct: Array | None
    labels: Array | None
    clusters: Array | None = None


def sides(store: RunStore, records: Sequence[Record], models: Collection[str] = ()) -> tuple[dict[str, Side], Ranking]:
    """The models of a run (of those named, at least), and their ranking; an empty one where they have none in common.

    Raises NotComparable where the trials of one model cannot be put together.
    """
    try:
        summary = summarise(records, store.predictions)
        return of_summary(store.path.resolve().name, summary), summary.ranking
    except NotComparable:
        alone = [model for model in dict.fromkeys(record.model for record in records) if model in models or not models]
    apart: dict[str, Side] = {}
    for model in alone:
        own = [record for record in records if record.model == model]
        apart |= of_summary(store.path.resolve().name, summarise(own, store.predictions))
    return apart, Ranking()


def require_figures(side: Side) -> Side:
    """`side`, where one of its trials ended well. Raises Unanswerable."""
    if side.row.measured:
        return side
    cause = f"no trial of {plain(side.row.model)} ended well: {side.row.note}"
    raise Unanswerable(cause, f"carry it out again: harness retry {plain(side.run)} --failed", NO_DATA)


def joint_ranking(by_name: Mapping[str, Side]) -> Ranking:
    """All of them that left predictions, together.

    An empty one where they were not tested on the same labels, or in the same groups.
    """
    known = {name: side for name, side in by_name.items() if side.correct is not None and side.labels is not None}
    labels, clusters = ([getattr(side, name) for side in known.values()] for name in ("labels", "clusters"))
    if not (_all_equal(labels) and _all_equal(clusters)):
        return Ranking()
    correct = {name: side.correct for name, side in known.items() if side.correct is not None}
    return rank(correct, clusters[0] if clusters else None)


def ratios(first: Row, second: Row, num_asked: int = 1) -> dict[str, Ratio]:
    """Of each kind of step that both were timed in, by the name of its measurement."""
    both = [name for name in first.times if STEP.fullmatch(name) and name in second.times]
    return {name: ratio(first.times[name], second.times[name], num_asked) for name in both}


def _all_equal(arrays: Sequence[Array | None]) -> bool:
    """Whether all are the same; None is only None."""
    import numpy as np

    missing = [array is None for array in arrays]
    known = [array for array in arrays if array is not None]
    return all(missing) or (not any(missing) and all(np.array_equal(known[0], own) for own in known[1:]))


def of_summary(run: str, summary: Summary) -> dict[str, Side]:
    """The models of a run that is summed up already."""
    labels, clusters = summary.labels, summary.clusters
    return {row.model: Side(run, row, summary.correct.get(row.model), labels, clusters) for row in summary.rows}
