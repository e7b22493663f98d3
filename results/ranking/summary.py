"""A run as rows, one a model: its seeds together, ranked by what their errors allow to say; failures at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from results.ranking import compare, resolution, selection
from results.ranking.comparability import NotComparable, check_comparable, check_labels, check_one_model
from results.ranking.compare import Comparison, Ranking
from results.ranking.error_intervals import Interval, error_interval
from results.ranking.folds import repeats
from results.ranking.front import Time, front
from results.ranking.metrics import correct
from results.ranking.resolution import Design
from results.ranking.step_times import STEP_TIME, drift, mean_of, median_interval, pooled
from results.records import Measurement, Record
from results.sanitize import plain

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Predictions = Callable[[Record], Mapping[str, Array]]

# The difference, in percentage points, that a table is asked whether it can see.
GAP_PP = 1.0
NO_PREDICTIONS = "no predictions were kept, so it cannot be ranked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model. `records` are its trials that ended well, or all of them where none did.

    `error` is its top-1 error in percent; a row without one is not ranked, and `note` says why. `places` are the ranks
    that the tests allow, the first and the last; `may_be_best` where it is among those of which one is the best.
    `fronts` are the types of the devices on whose front of error and time it is. `times` are those of its steps, by
    the names of their measurements.
    """

    model: str
    records: tuple[Record, ...]
    status: str = "ok"
    note: str = ""
    error: Interval | None = None
    places: tuple[int, int] | None = None
    may_be_best: bool = False
    fronts: frozenset[str] = frozenset()
    vs_best: Comparison | None = None
    times: Mapping[str, Time] = field(default_factory=dict)

    @property
    def measured(self) -> tuple[Record, ...]:
        """The trials whose figures count: none of a model that never ended well."""
        return self.records if self.status == "ok" else ()

    def time(self, device: str, step: str) -> Time | None:
        """Milliseconds of one batch, the samples of all seeds together; `step` is "infer" or "train"."""
        return self.times.get(f"{device}_{step}{STEP_TIME}")

    def mean(self, name: str) -> float | None:
        """A measurement averaged over seeds."""
        return mean_of(self.measured, name)

    def fact(self, name: str) -> Any:
        """What is known of the model rather than sampled, by the first seed that knows it; None where none does."""
        known = (record.facts.get(name) for record in self.records)
        return next((value for value in known if value is not None), None)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """All rows of a run, best first; the numbers behind their order; whether each test image was met, by model.

    `labels` [N] are those of the test images, `clusters` [N] the groups that these lie in, numbered from 0 on, where
    there are groups.

    Without slots, so that what takes long is worked out once for all that show it, and only where it is shown.
    """

    rows: tuple[Row, ...] = ()
    ranking: Ranking = field(default_factory=Ranking)
    correct: Mapping[str, Array] = field(default_factory=dict)
    labels: Array | None = None
    clusters: Array | None = None

    @property
    def ranked(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.places is not None)

    @property
    def unranked(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.places is None)

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(record for row in self.rows for record in row.records)

    @cached_property
    def optimism(self) -> float:
        """How many percentage points too kind the error of the best model is, because it was chosen for it."""
        return selection.optimism(self.correct, self.clusters)

    @cached_property
    def design(self) -> Design:
        """What decides whether the tests of at least two models see a gap of `GAP_PP`."""
        return resolution.design(self.correct, GAP_PP / 100, self.clusters)

    @cached_property
    def accelerator(self) -> str:
        """The device type beside the CPU that models were timed on; empty where there was none."""
        return next((kind for record in self.records for kind in _timed_on(record) if kind != "cpu"), "")

    @property
    def num_images(self) -> int:
        return next((array.shape[1] for array in self.correct.values()), 0)

    @property
    def folds(self) -> int:
        """Of how many folds the answers are; 0 where a part of the images was tested."""
        return next((record.folds for record in self.records), 0)

    @property
    def num_groups(self) -> int:
        """Of how many groups the test images are; 0 where there are no groups."""
        return 0 if self.clusters is None else int(self.clusters.max()) + 1

    @property
    def num_seeds(self) -> tuple[int, int]:
        """The fewest and the most seeds that a ranked model has."""
        counts = [len(array) for array in self.correct.values()]
        return min(counts, default=0), max(counts, default=0)


def summarise(records: Sequence[Record], predictions: Predictions) -> Summary:
    """Rank the models of one run. Raises NotComparable where its trials were not made under the same conditions."""
    ended_well = [record for record in records if record.status == "ok"]
    check_comparable(ended_well)  # alone: a trial that failed early has no facts, and no figure to be compared
    for trials in _by_model(ended_well).values():
        check_one_model(trials)
    records, predictions = repeats(records, predictions)
    models = _by_model(records)
    answers = _answers(models, predictions)
    known, clusters = answers.correct, answers.clusters
    rows = {name: _row(name, trials) for name, trials in models.items()}
    ranking = compare.rank(known, clusters)
    fronts = _fronts([rows[name] for name in ranking.order], ranking)
    ranked = [_ranked(rows[name], ranking, fronts) for name in ranking.order]
    unranked = _unranked((rows[name] for name in rows if name not in known), NO_PREDICTIONS)
    rows_shown = (*ranked, *unranked)
    return Summary(rows=rows_shown, ranking=ranking, correct=known, labels=answers.labels, clusters=clusters)


def without_ranking(records: Sequence[Record], predictions: Predictions, why: str) -> Summary:
    """Each model by itself, where they cannot be ranked together; the note of each says why."""
    records, predictions = repeats(records, predictions)
    rows = [_row(name, trials) for name, trials in _by_model(records).items()]
    return Summary(rows=_unranked((part for row in rows for part in _with_errors(row, predictions)), why))


def _with_errors(row: Row, predictions: Predictions) -> list[Row]:
    """The row with its error and interval; a row for each seed where they cannot be put together."""
    try:
        check_comparable(row.measured)
        check_one_model(row.measured)
        answers = _answers({row.model: row.measured}, predictions)
    except NotComparable as error:
        alone = (_row(row.model, [record]) for record in row.records)
        apart = [part for one in alone for part in _with_errors(one, predictions)]
        return [replace(part, note=f"seed {part.records[0].seed} alone: {error.cause}") for part in apart]
    right = answers.correct.get(row.model)
    return [row if right is None else replace(row, error=error_interval(right, answers.clusters))]


def _by_model(records: Sequence[Record]) -> dict[str, list[Record]]:
    models: dict[str, list[Record]] = {}
    for record in records:
        models.setdefault(record.model, []).append(record)
    return models


@dataclass(frozen=True, slots=True)
class _Answers:
    """Seeds by test images [S, N] of each model that left predictions; labels and groups [N] of these images."""

    correct: Mapping[str, Array]
    labels: Array | None = None
    clusters: Array | None = None


def _answers(models: Mapping[str, Sequence[Record]], predictions: Predictions) -> _Answers:
    """What the trials that ended well and left predictions answered.

    Raises NotComparable where trials do not have the same labels in the same order, or other groups.
    """
    import numpy as np

    rights: dict[str, Array] = {}
    labels: list[tuple[str, Array]] = []
    groups: list[tuple[str, Array]] = []
    for name, trials in models.items():
        kept = [(trial, arrays) for trial in trials if trial.status == "ok" and (arrays := predictions(trial))]
        labels = [*labels[:1], *((f"{name} seed {trial.seed}", arrays["labels"]) for trial, arrays in kept)]
        # Before they are stacked: another number of images has other labels too.
        check_labels(labels)
        of_trials = ((f"{name} seed {trial.seed}", arrays["groups"]) for trial, arrays in kept if "groups" in arrays)
        groups = [*groups[:1], *of_trials]
        check_labels(groups, "groups")
        if kept:
            rights[name] = np.stack([correct(arrays) for _, arrays in kept])
    if not labels:
        return _Answers(rights)
    # Numbered anew: of a part of the images there are a part of the groups.
    clusters = np.unique(groups[0][1], return_inverse=True)[1] if groups else None
    return _Answers(rights, labels[0][1], clusters)


def _row(model: str, trials: Sequence[Record]) -> Row:
    good = tuple(trial for trial in trials if trial.status == "ok")
    bad = [trial for trial in trials if trial.status != "ok"]
    if not good:
        return Row(model=model, records=tuple(trials), status=bad[0].status, note=failure(bad[0]))
    note = ""
    if bad:
        failed = "repeats are not whole" if bad[0].folds else "trials failed"
        note = f"{len(bad)} of {len(trials)} {failed} ({_cause(bad[0])})"
    return Row(model=model, records=good, note=note, times=_times(good))


def failure(record: Record) -> str:
    """What the table says in place of figures: `FAIL:out of memory at batch 256`."""
    return f"{'SKIP' if record.status == 'skipped' else 'FAIL'}:{_cause(record)}"


def _cause(record: Record) -> str:
    return (plain(record.error.cause) if record.error else "") or record.status


def _fronts(rows: Sequence[Row], ranking: Ranking) -> dict[str, frozenset[str]]:
    """By the type of a device, the models on its front of error and time; none where only one has a time."""
    errors = {row.model: ranking.errors[row.model].mean for row in rows}
    kinds = dict.fromkeys(kind for row in rows for record in row.records for kind in _timed_on(record))
    fronts = {}
    for kind in kinds:
        times = {row.model: time for row in rows if (time := row.time(kind, "infer"))}
        fronts[kind] = front(errors, times, ranking.better) if len(times) > 1 else frozenset()
    return fronts


def _times(trials: Sequence[Record]) -> dict[str, Time]:
    """The step times of one model by the names of their measurements, each summed up once: many samples take long."""
    names = dict.fromkeys(m.name for trial in trials for m in trial.measurements if _is_warm(m.name))
    return {name: _time(samples) for name in names if (samples := pooled(trials, name))}


def _is_warm(name: str) -> bool:
    """Whether a measurement is of steps; the first of a process, a cold one, is no round to be held against another."""
    return name.endswith(STEP_TIME) and not name.endswith(f"_first{STEP_TIME}")


def _time(samples: Measurement) -> Time:
    import numpy as np

    low, high = median_interval(samples)
    least, lower, middle, upper = map(float, np.percentile(samples.values, (0, 25, 50, 75)))
    return Time(middle, low, high, least, upper - lower, drift(samples))


def _ranked(row: Row, ranking: Ranking, fronts: Mapping[str, frozenset[str]]) -> Row:
    best = ranking.order[0]
    return replace(
        row,
        error=ranking.errors[row.model],
        places=ranking.places[row.model],
        may_be_best=row.model in ranking.best,
        fronts=frozenset(kind for kind, models in fronts.items() if row.model in models),
        vs_best=None if row.model == best else ranking.compare(row.model, best),
    )


def _unranked(rows: Iterable[Row], why: str) -> tuple[Row, ...]:
    noted = (replace(row, note=row.note or why) for row in rows)
    return tuple(sorted(noted, key=lambda row: row.model))


def _timed_on(record: Record) -> list[str]:
    names = [measured.name for measured in record.measurements]
    return [name.partition("_")[0] for name in names if name.endswith(f"_infer{STEP_TIME}")]
