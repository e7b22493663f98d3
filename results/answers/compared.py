"""Two models of a run, or the models that two runs share: how far apart they are, and whether that may be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results.answers.asked import USAGE, Unanswerable, require_model
from results.answers.sides import Side, joint_ranking, ratios, require_figures, sides
from results.answers.time_ratio import Ratio
from results.errors import StoreError
from results.ranking.comparability import NotComparable, conditions, differences, identity
from results.ranking.compare import Comparison
from results.records import Record
from results.sanitize import plain
from results.store.run_store import RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two sides. `error` is the difference in error, first less second; None where their images are not the same.

    `among_all` is the same by the tests of all `num_pairs` pairs of the run, for two models of one. `times` are
    ratios, first to second, by the names of their measurements. `note` says what differs and forbids nothing.
    """

    first: Side
    second: Side
    error: Comparison | None
    among_all: Comparison | None = None
    num_pairs: int = 1
    times: Mapping[str, Ratio]
    note: str = ""

    @property
    def model(self) -> str:
        return self.first.row.model

    @property
    def same_answers(self) -> bool:
        """Whether both judge every image alike."""
        return self.error is not None and self.error.only_first == self.error.only_second == 0

    @property
    def changes(self) -> tuple[str, ...]:
        """What the second is beside the first, beyond doubt: worse or better, slower or faster."""
        error, times = self.error, self.times.values()
        significant = error is not None and error.significant
        said = {
            "worse": significant and error is not None and error.difference < 0,
            "better": significant and error is not None and error.difference > 0,
            "slower": any(found.high < 1 for found in times),
            "faster": any(found.low > 1 for found in times),
        }
        return tuple(word for word, is_so in said.items() if is_so)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was compared. `names` are those of the two models or runs; `differing` is what makes them incomparable.

    `missing` are models of which only one of the runs has figures, each with what is known of why; `gone` are those of
    them that the first run has.
    """

    names: tuple[str, str]
    pairs: tuple[Pair, ...]
    of_runs: bool = False
    differing: str = ""
    missing: Mapping[str, str]
    gone: tuple[str, ...] = ()

    def require_comparable(self) -> None:
        """Raise NotComparable, which names what differs."""
        if self.differing:
            cause = f"these are not comparable, they differ in {self.differing}"
            raise NotComparable(cause, "compare them all the same with --force", USAGE)

    def require_paired(self) -> None:
        """Raise Unanswerable where some difference in error is not known."""
        unknown = [pair.model for pair in self.pairs if pair.error is None]
        if unknown:
            cause = f"whether {plain(unknown[0])} is worse cannot be told: there are no answers to the same images"
            raise Unanswerable(cause, "leave --fail-if-worse out, or run both again on one dataset")

    def slower(self, percent: float) -> list[tuple[Pair, str]]:
        """Pairs, and which of their times, whose second is slower than the first by more than that, beyond doubt."""
        limit = 1 + percent / 100
        return [(pair, name) for pair in self.pairs for name, found in pair.times.items() if found.high * limit < 1]

    def worse(self, points: float) -> list[Pair]:
        """Pairs whose second has more errors than the first by more than that many points, beyond doubt."""
        errors = [(pair, pair.error) for pair in self.pairs]
        return [pair for pair, error in errors if error and error.significant and -error.high >= points]


def compared(first: str, second: str, run: str | None, output: Path) -> Answer:
    """Compare two runs, where both names are of runs; else two models of `run`, or of the latest in `output`."""
    runs = _as_runs(first, second, output) if run is None else None
    return of_runs(*runs) if runs else of_models(RunStore.find(run, output), first, second)


def of_models(store: RunStore, first: str, second: str) -> Answer:
    """Two models of one run. Raises Unanswerable where it has no such model, or no figures of it."""
    records = store.records()
    for name in (first, second):
        require_model(name, {record.model for record in records}, store.path.name)
    by_model, ranking = sides(store, records, (first, second))
    one, other = (require_figures(by_model[name]) for name in (first, second))
    ranking = ranking if ranking.order else joint_ranking({first: one, second: other})
    paired = {first, second} <= set(ranking.order)
    pair = Pair(
        first=one,
        second=other,
        error=ranking.alone(first, second) if paired else None,
        among_all=ranking.compare(first, second) if paired else None,
        num_pairs=len(ranking.order) * (len(ranking.order) - 1) // 2,
        times=ratios(one.row, other.row),
        note=_sizes(one, other),
    )
    return Answer(names=(first, second), pairs=(pair,), differing=_conditions([pair]), missing={})


def of_runs(first: RunStore, second: RunStore) -> Answer:
    """The models that both runs have figures of. Raises Unanswerable where there is none."""
    names = _name(first, second), _name(second, first)
    before, after = (sides(store, store.records())[0] for store in (first, second))
    common = [name for name, side in before.items() if side.row.measured and _has_figures(after, name)]
    if not common:
        cause = f"{plain(names[0])} and {plain(names[1])} have no model in common that ended well"
        raise Unanswerable(cause, "compare two models of one run: harness compare MODEL MODEL --run RUN")
    pairs = tuple(_pairs(before, after, common))
    sizes = dict.fromkeys(_sizes(pair.first, pair.second) for pair in pairs)
    return Answer(
        names=names,
        pairs=pairs,
        of_runs=True,
        differing="; ".join(filter(None, [_conditions(pairs), *sizes])),
        missing=_missing(names, before, after, common),
        gone=tuple(name for name in before if name not in common and _has_figures(before, name)),
    )


def _as_runs(first: str, second: str, output: Path) -> tuple[RunStore, RunStore] | None:
    """The two runs that are meant; None where the names are rather models of the latest run."""
    known = [_found(name, output) is not None for name in (first, second)]
    latest = _found(None, output) if any(known) else None
    num_models = len({first, second} & {record.model for record in latest.records()}) if latest else 0
    # How a run's id begins may be the name of a model.
    if not any(known) or num_models == len({first, second}) or (num_models and not all(known)):
        return None
    # Where only one is a run, the error of the other says what is wrong.
    return RunStore.find(first, output), RunStore.find(second, output)


def _found(name: str | None, output: Path) -> RunStore | None:
    try:
        return RunStore.find(name, output)
    except StoreError:
        return None


def _name(store: RunStore, other: RunStore) -> str:
    """What a run is called beside another: its folder's name; its path where both have the same."""
    same = store.path.name == other.path.name and store.path.resolve() != other.path.resolve()
    return str(store.path) if same else store.path.resolve().name


def _pairs(before: Mapping[str, Side], after: Mapping[str, Side], common: Sequence[str]) -> Iterator[Pair]:
    """Each model of both runs; intervals and p hold for all of them together (Bonferroni)."""
    keys = {name: (f"{name}\nbefore", f"{name}\nafter") for name in common}
    both = {name: (before[name], after[name]) for name in common}
    ranking = joint_ranking({key: side for name in common for key, side in zip(keys[name], both[name], strict=True)})
    for name, (one, other) in both.items():
        paired = set(keys[name]) <= set(ranking.order)
        yield Pair(
            first=one,
            second=other,
            error=ranking.alone(*keys[name], num_asked=len(common)) if paired else None,
            times=ratios(one.row, other.row, len(common)),
            note=differences(_making(record) for side in (one, other) for record in side.row.records),
        )


def _conditions(pairs: Sequence[Pair]) -> str:
    """In which conditions the trials of all pairs differ."""
    return differences(
        conditions(record) for pair in pairs for side in (pair.first, pair.second) for record in side.row.records
    )


def _sizes(*both: Side) -> str:
    return differences({"image size": side.row.fact("img_size")} for side in both)


def _making(record: Record) -> dict[str, Any]:
    """What a model is and how it was trained."""
    return {**identity(record), **record.trial.get("train", {})}


def _has_figures(by_model: Mapping[str, Side], name: str) -> bool:
    return name in by_model and bool(by_model[name].row.measured)


def _missing(
    names: tuple[str, str], before: Mapping[str, Side], after: Mapping[str, Side], common: Sequence[str]
) -> dict[str, str]:
    reasons = {}
    for name in dict.fromkeys([*before, *after]):
        if name not in common:
            said = [_absence(run, by_model.get(name)) for run, by_model in zip(names, (before, after), strict=True)]
            reasons[name] = ", ".join(filter(None, said))
    return reasons


def _absence(run: str, side: Side | None) -> str:
    if side is None:
        return f"not in {plain(run)}"
    return "" if side.row.measured else f"in {plain(run)} {side.row.note}"
