"""How well each class is told from the others by several models, with intervals, and what it is mistaken for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

from results.answers.asked import NO_DATA, Unanswerable, require_model, run_and_models
from results.answers.sides import Side, require_figures, sides
from results.ranking.error_intervals import Interval, error_interval
from results.ranking.uncertainty import ALPHA, wilson
from results.records import Record
from results.sanitize import plain

NO_ANSWER = -1  # what confusion counts say where an output was not finite
MOST_MODELS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """One class by one model, in percent; None where it is not defined. Its accuracy is its recall.

    `taken_for` are the classes that its images were mistaken for (`NO_ANSWER` for none), with the number of images, a
    mean over seeds; the most frequent first.
    """

    recall: Interval | None
    precision: Interval | None
    f1: Interval | None
    taken_for: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """All classes, the worst first by the mean recall of the models: pairs of its index and its scores by model.

    `clustered` says that images come in groups, which the intervals of recall alone allow for.
    """

    run: str
    classes: tuple[str, ...]
    support: tuple[int, ...]
    num_models: int
    rows: tuple[tuple[int, Mapping[str, ClassScore]], ...]
    clustered: bool = False


def class_scores(names: Sequence[str], output: Path) -> ClassScores:
    """Of a run and models of it; the first of `names` may be left out for the latest run, the others for the best."""
    store, models = run_and_models(names, output)
    by_model, ranking = sides(store, store.records(), models)
    for model in models:
        require_model(model, by_model, store.path.name)
    return of_sides(store.path.name, by_model, models or _best(by_model, ranking.order))


def of_sides(
    run: str, by_model: Mapping[str, Side], models: Sequence[str], indices: Collection[int] | None = None
) -> ClassScores:
    """Of those `models` of a run; of the classes at `indices` alone, where these are given. Raises Unanswerable."""
    if not models:
        raise Unanswerable(f"no trial of {plain(run)} ended well", "see what went wrong: harness table", NO_DATA)
    chosen = {name: require_figures(by_model[name]) for name in dict.fromkeys(models)}
    return _scores(run, chosen, sum(bool(side.row.measured) for side in by_model.values()), indices)


def _best(by_model: Mapping[str, Side], order: Sequence[str]) -> list[str]:
    """Some that ended well, the best first."""
    well = [name for name, side in by_model.items() if side.row.measured]
    return [name for name in (order or well) if name in well][:MOST_MODELS]


def rate(hits: Sequence[int], totals: Sequence[int]) -> Interval | None:
    """The share of hits in percent, by seed, of as many images; None where there is none.

    Wilson's interval. Of several seeds it is one for as many images as would give the variance over images, as if all
    seeds had met the same of them, and over seeds, together.
    """
    if not sum(totals):
        return None
    share, num_images = sum(hits) / sum(totals), sum(totals) / len(totals)
    own = [hit / total for hit, total in zip(hits, totals, strict=True) if total]
    between = sum((one - share) ** 2 for one in own) / (len(own) - 1) / len(own) if len(own) > 1 else 0.0
    variance = share * (1 - share) / num_images + between
    effective = share * (1 - share) / variance if variance and between else num_images
    low, high = wilson(share, effective, NormalDist().inv_cdf(1 - ALPHA / 2))
    return Interval(100 * share, 100 * low, 100 * high)


def _scores(
    run: str, chosen: Mapping[str, Side], num_models: int, indices: Collection[int] | None = None
) -> ClassScores:
    first = next(iter(chosen.values())).row.records[0]
    classes = _classes(first)
    support = Counter[int]()
    for true, _, count in first.confusion_counts:
        support[true] += count
    cells = {name: [_Cells.of(record) for record in side.row.records] for name, side in chosen.items()}
    by_class = {
        index: {name: _score(side, cells[name], index) for name, side in chosen.items()}
        for index in (range(len(classes)) if indices is None else indices)
    }
    order = sorted(by_class, key=lambda index: _mean_recall(by_class[index]))
    counts = tuple(support[index] for index in range(len(classes)))
    rows = tuple((index, by_class[index]) for index in order)
    clustered = any(side.clusters is not None for side in chosen.values())
    return ClassScores(run=run, classes=classes, support=counts, num_models=num_models, rows=rows, clustered=clustered)


def _classes(record: Record) -> tuple[str, ...]:
    names = [str(row["name"]) for row in record.per_class] or [str(name) for name in record.data.get("classes", ())]
    if not names or not record.confusion_counts:
        cause = f"the records of {plain(record.model)} have no scores of classes"
        raise Unanswerable(cause, "run it again with this version", NO_DATA)
    return tuple(names)


def _mean_recall(scores: Mapping[str, ClassScore]) -> float:
    """What is not defined stands last."""
    known = [score.recall.mean for score in scores.values() if score.recall]
    return sum(known) / len(known) if known else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """The confusion counts of one trial: by true class what its images were taken for, and how many for each class.

    Looked up once: thousands of classes times all cells would be minutes.
    """

    by_true: Mapping[int, Mapping[int, int]]
    predicted: Mapping[int, int]

    @classmethod
    def of(cls, record: Record) -> _Cells:
        by_true: dict[int, Counter[int]] = defaultdict(Counter)
        predicted = Counter[int]()
        for true, taken, count in record.confusion_counts:
            by_true[true][taken] += count
            predicted[taken] += count
        return cls(by_true=by_true, predicted=predicted)


def _score(side: Side, cells: Sequence[_Cells], index: int) -> ClassScore:
    """From the confusion counts of all seeds. F1 = 2 J / (1 + J), where J is the share of those images that are of the
    class or taken for it of which both are true: so its interval is that of a share.
    """
    answers = [seed.by_true.get(index, {}) for seed in cells]
    hits, true = [own.get(index, 0) for own in answers], [sum(own.values()) for own in answers]
    predicted = [seed.predicted.get(index, 0) for seed in cells]
    either = [of + taken - hit for hit, of, taken in zip(hits, true, predicted, strict=True)]
    jaccard = rate(hits, either)
    return ClassScore(
        recall=_recall(side, index) or rate(hits, true),
        precision=rate(hits, predicted),
        f1=Interval(*(_f1(end) for end in (jaccard.mean, jaccard.low, jaccard.high))) if jaccard else None,
        taken_for=_taken_for(answers, index),
    )


def _f1(jaccard: float) -> float:
    return 100 * 2 * jaccard / (100 + jaccard)


def _recall(side: Side, index: int) -> Interval | None:
    """By the answers to the images of the class, from which the seeds' effect is known best; None without them."""
    if side.correct is None or side.labels is None or not (side.labels == index).any():
        return None
    import numpy as np

    of_class = side.labels == index
    clusters = None if side.clusters is None else np.unique(side.clusters[of_class], return_inverse=True)[1]
    error = error_interval(side.correct[:, of_class], clusters)
    return Interval(100 - error.mean, 100 - error.high, 100 - error.low)


def _taken_for(answers: Sequence[Mapping[int, int]], index: int) -> tuple[tuple[int, float], ...]:
    """From what the images of the class were taken for, by seed."""
    counts = Counter[int]()
    for own in answers:
        counts.update({taken: count for taken, count in own.items() if taken != index})
    return tuple((taken, count / len(answers)) for taken, count in sorted(counts.items(), key=lambda c: (-c[1], c[0])))
