"""Several trials as one: the mean of their class probabilities, judged on the test images like a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results.answers.asked import NO_DATA, Unanswerable, require_model
from results.answers.ensembles.averaging import average
from results.answers.ensembles.search import Search, forward_selection
from results.answers.sides import STEP, Side, require_figures, sides
from results.ranking.comparability import check_labels
from results.ranking.compare import Comparison, rank
from results.ranking.components import components
from results.ranking.error_intervals import Interval, error_intervals
from results.ranking.folds import repeats
from results.ranking.metrics import FEWEST_CLASSES_FOR_TOP5, correct, top_error
from results.ranking.seed_effects import SeedEffects, seed_effects
from results.ranking.summary import Row
from results.records import Record
from results.sanitize import plain
from results.store.run_store import RunStore

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Predictions = Mapping[str, Array]

ENSEMBLE = "\nensemble"  # beside the names of models, of which none is this


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Errors on the test images in percent, means over seeds; `top5` is None where there are five classes or fewer."""

    error: Interval
    top5: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """What was averaged, and how good that is.

    `members` are names of models, each with its trial of every one of `seeds`: there is an ensemble a seed, and errors
    are means over them. Or, `of_seeds`, they are the trials of one model, which are one ensemble. `best` is the member
    with the lowest test error, `against_best` its comparison: the error of the ensemble less that of the member.

    `rows` are those of the members' models in the run, with all their seeds. `times` are the medians of the members'
    inference in ms a batch, by the names of their measurements, where all of them were timed. `uncertain` is the share
    of test images of which the best class may be another one, None where all classes' probabilities were kept.
    `search` says how the members were chosen, None where they were named.
    """

    run: str
    members: tuple[str, ...]
    seeds: tuple[int, ...]
    of_seeds: bool
    score: Score
    member_scores: tuple[Score, ...]
    best: str
    against_best: Comparison | None
    times: Mapping[str, tuple[float, ...]]
    batch_size: int | None
    uncertain: float | None
    rows: tuple[Row, ...]
    search: Search | None = None

    @property
    def num_ensembles(self) -> int:
        return 1 if self.of_seeds else len(self.seeds)


@dataclass(frozen=True, slots=True)
class StoredTrials:
    """The records of a run, and what gives the predictions of each trial: of all its folds together."""

    store: RunStore
    records: Sequence[Record]
    predictions: Callable[[Record], Predictions]

    @classmethod
    def of(cls, store: RunStore) -> StoredTrials:
        records = store.records()
        return cls(store, records, repeats(records, store.predictions)[1])


@dataclass(frozen=True, slots=True)
class _Member:
    """One that is averaged: what it is called, its model, and its trial for each of the ensembles."""

    name: str
    side: Side
    trials: tuple[Record, ...]


def ensemble(names: Sequence[str], run: str | None, output: Path, at_most: int | None = None) -> Ensemble:
    """Of the models named: seed by seed of several, all seeds of one.

    With `at_most` of those of them (of all, where none is named) that are best on the validation images, no more than
    so many. Raises Unanswerable.
    """
    stored = StoredTrials.of(RunStore.find(run, output))
    store = stored.store
    for name in names:
        require_model(name, {record.model for record in stored.records}, store.path.name)
    by_model, _ = sides(store, stored.records, names)
    if at_most is None and not names:
        raise Unanswerable("no model was named", "name several, or let them be chosen: harness ensemble --search 3")
    well = [name for name, side in by_model.items() if side.row.measured]
    if not names and not well:
        cause = f"no trial of {plain(store.path.name)} ended well"
        raise Unanswerable(cause, "see what went wrong: harness table", NO_DATA)
    chosen = [require_figures(_with_predictions(by_model[name])) for name in names or well]
    if at_most is None and len(chosen) == 1:
        return _judged(stored, _seeds_of(stored, chosen[0]), {}, of_seeds=True)
    members = _same_seeds(stored, chosen)
    if at_most is None:
        return _judged(stored, members, by_model)
    candidates = {member.name: member for member in members}
    search = _search(stored, list(candidates.values()), at_most)
    return _judged(stored, [candidates[step.model] for step in search.steps], by_model, search=search)


def _with_predictions(side: Side) -> Side:
    """`side`, where its test predictions were kept. Raises Unanswerable."""
    if side.row.measured and side.correct is None:
        cause = f"of {plain(side.row.model)} no predictions were kept, so nothing can be averaged"
        raise Unanswerable(cause, "name others, or run it again", NO_DATA)
    return side


def _trials(stored: StoredTrials, side: Side) -> list[Record]:
    """Those that left predictions."""
    records = side.row.records
    all_did = side.correct is not None and len(side.correct) == len(records)
    return [record for record in records if all_did or stored.predictions(record)]


def _seeds_of(stored: StoredTrials, side: Side) -> list[_Member]:
    """The trials of one model, as members of one ensemble."""
    model, records = side.row.model, _trials(stored, side)
    if len(records) == 1:
        cause = f"{plain(model)} alone is no ensemble: the run has one trained seed of it"
        raise Unanswerable(cause, "name several models, or train it from several seeds: harness run --seeds 3")
    return [_Member(f"{model} seed {record.seed}", side, (record,)) for record in records]


def _same_seeds(stored: StoredTrials, chosen: Sequence[Side]) -> list[_Member]:
    """Each model with its trials of the seeds that all of them have. Raises Unanswerable where there is none."""
    trials = [{record.seed: record for record in _trials(stored, side)} for side in chosen]
    shared = sorted(set.intersection(*(set(by_seed) for by_seed in trials)))
    if not shared:
        cause = f"{', '.join(plain(side.row.model) for side in chosen[:4])} have no seed in common that ended well"
        raise Unanswerable(cause, "name models that have: see harness table", NO_DATA)
    return [
        _Member(side.row.model, side, tuple(by_seed[seed] for seed in shared))
        for side, by_seed in zip(chosen, trials, strict=True)
    ]


def _search(stored: StoredTrials, members: Sequence[_Member], at_most: int) -> Search:
    if any(trial.folds for member in members for trial in member.trials):
        cause = "of cross-validation there is nothing to choose on: the validation images of a fold test in another"
        raise Unanswerable(cause, "name the members: harness ensemble MODEL MODEL")
    kept = {member.name: [stored.store.val_predictions(trial) for trial in member.trials] for member in members}
    without = [name for name, predictions in kept.items() if not all(predictions)]
    if without:
        cause = f"no validation predictions were kept of {', '.join(map(plain, without[:4]))}: runs of before have none"
        remedy = "run them again with this version, or name the members: harness ensemble MODEL MODEL"
        raise Unanswerable(cause, remedy, NO_DATA)
    check_labels([(name, one["labels"]) for name, predictions in kept.items() for one in predictions])
    return forward_selection(kept, _num_classes(members[0].trials[0]), at_most)


def _judged(
    stored: StoredTrials,
    members: Sequence[_Member],
    by_model: Mapping[str, Side],
    *,
    of_seeds: bool = False,
    search: Search | None = None,
) -> Ensemble:
    """The members together on the test images, and each alone."""
    import numpy as np

    num_classes = _num_classes(members[0].trials[0])
    kept = {trial.key: stored.predictions(trial) for member in members for trial in member.trials}
    check_labels(
        [(f"{trial.model} seed {trial.seed}", kept[trial.key]["labels"]) for m in members for trial in m.trials]
    )
    groups = [[kept[trial.key] for trial in group] for group in zip(*(m.trials for m in members), strict=True)]
    averaged = [average(group, num_classes) for group in groups]
    alone = {member.name: [kept[trial.key] for trial in member.trials] for member in members}
    rights = {name: np.stack([correct(one) for one in own]) for name, own in alone.items()}
    rights[ENSEMBLE] = np.stack([correct(one) for one in averaged])
    others = _others(by_model, alone, groups[0][0]["labels"])
    clusters = members[0].side.clusters
    scores, best = _scores(rights, others, alone | {ENSEMBLE: averaged}, num_classes, clusters)
    certain = [one["certain"] for one in averaged if "certain" in one]
    return Ensemble(
        run=stored.store.path.resolve().name,
        members=tuple(member.name for member in members),
        seeds=tuple(sorted({trial.seed for member in members for trial in member.trials})),
        of_seeds=of_seeds,
        score=scores[ENSEMBLE],
        member_scores=tuple(scores[member.name] for member in members),
        best=best,
        # An ensemble shares the seeds of its members, and is tested as if it had others: that promises less than is so.
        against_best=rank({**others, **rights}, clusters).alone(ENSEMBLE, best) if len(members) > 1 else None,
        times=_times(members),
        batch_size=members[0].side.row.fact("infer_batch_size"),
        uncertain=1 - float(np.mean(certain)) if certain else None,
        rows=tuple(member.side.row for member in members),
        search=search,
    )


def _scores(
    rights: Mapping[str, Array],
    others: Mapping[str, Array],
    predictions: Mapping[str, Sequence[Predictions]],
    num_classes: int,
    clusters: Array | None,
) -> tuple[dict[str, Score], str]:
    """By name, and the best member: its interval allows for its having been chosen, that of the ensemble need not."""
    models = {name: components(right, clusters) for name, right in {**others, **rights}.items()}
    effects = seed_effects(list(models.values()))
    alone = [name for name in rights if name != ENSEMBLE]
    best = min(alone, key=lambda name: models[name].error)
    intervals: dict[str, Interval] = {}
    for group, chosen in ((alone, alone.index(best)), ([ENSEMBLE], 0)):
        rows = [list(models).index(name) for name in group]
        own = SeedEffects(effects.variances[rows], effects.weights[rows])
        intervals |= zip(group, error_intervals([models[name] for name in group], own, chosen, clusters), strict=True)
    top5 = {name: [top_error(one, 5) for one in own] for name, own in predictions.items()}
    has_top5 = num_classes >= FEWEST_CLASSES_FOR_TOP5
    scores = {
        name: Score(error=interval, top5=sum(top5[name]) / len(top5[name]) if has_top5 else None)
        for name, interval in intervals.items()
    }
    return scores, best


def _others(by_model: Mapping[str, Side], members: Collection[str], labels: Array) -> dict[str, Array]:
    """The answers of the run's other models to the same images, from which it is learnt what seeds do."""
    import numpy as np

    return {
        name: side.correct
        for name, side in by_model.items()
        if name not in members and side.correct is not None and np.array_equal(side.labels, labels)
    }


def _times(members: Sequence[_Member]) -> dict[str, tuple[float, ...]]:
    """The median of each member, on the devices on which all of them were timed."""
    rows = [member.side.row for member in members]
    names = [name for name in rows[0].times if (step := STEP.fullmatch(name)) and step[1] == "infer"]
    return {
        name: tuple(row.times[name].median for row in rows) for name in names if all(name in row.times for row in rows)
    }


def _num_classes(record: Record) -> int:
    return len(record.data.get("classes", ())) or len(record.per_class)
