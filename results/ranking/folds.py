"""The folds of a cross-validation put together: each image is answered once a repeat, by a model it did not train."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

from results.ranking.metrics import score
from results.ranking.step_times import STEP_TIME, joined
from results.records import Failure, Measurement, Record

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]
    Predictions = Callable[[Record], Arrays]


def repeats(records: Sequence[Record], predictions: Predictions) -> tuple[list[Record], Predictions]:
    """A record for each model and repeat, and what gives its predictions; records without folds stay as they are.

    Its scores are those of all folds together, its times those of the fold that was timed, and its other figures means
    over folds. A repeat of which a fold is missing or failed did not end well: what is left is not all images.
    """
    trials: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        trials.setdefault((record.model, record.seed), []).append(record)
    whole: list[Record] = []
    pooled: dict[str, Arrays] = {}
    for folds in trials.values():
        if not folds[0].folds:
            whole += folds
            continue
        folds.sort(key=lambda record: record.fold or 0)
        failure = _failure(folds)
        arrays = {} if failure else _pooled([predictions(record) for record in folds], _num_images(folds))
        one = replace(folds[0], **failure) if failure else _together(folds, arrays)
        whole.append(one)
        pooled[one.key] = arrays
    return whole, lambda record: pooled[record.key] if record.key in pooled else predictions(record)


def _failure(folds: Sequence[Record]) -> dict[str, Any]:
    """What the record of a repeat that is not whole says instead of figures; nothing of one that is."""
    nothing: dict[str, Any] = {"measurements": (), "history": (), "per_class": (), "confusion_counts": ()}
    bad = next((record for record in folds if record.status != "ok"), None)
    if bad is not None:
        cause = bad.error.cause if bad.error else bad.status
        said = Failure(phase=bad.error.phase if bad.error else "train", cause=f"fold {bad.fold}: {cause}")
        return nothing | {"status": bad.status, "error": said, "facts": bad.facts}
    if len(folds) < folds[0].folds:
        cause = f"{len(folds)} of {folds[0].folds} folds have ended"
        return nothing | {"status": "skipped", "error": Failure(phase="start", cause=cause)}
    return {}


def _num_images(folds: Sequence[Record]) -> int | None:
    number: int | None = folds[0].data.get("num_test")
    return number


def _pooled(parts: Sequence[Arrays], num_images: int | None) -> dict[str, Array]:
    """The answers of all folds in the order of the dataset's images; none where not every image has just one."""
    import numpy as np

    if not all("rows" in part for part in parts):
        return {}
    rows = np.concatenate([part["rows"] for part in parts])
    order = np.argsort(rows, kind="stable")
    if not np.array_equal(rows[order], np.arange(num_images or len(rows))):
        return {}
    names = [name for name in parts[0] if name != "rows" and all(name in part for part in parts)]
    return {name: np.concatenate([part[name] for part in parts])[order] for name in names}


def _together(folds: Sequence[Record], arrays: Arrays) -> Record:
    first = folds[0]
    samples = tuple(_joined(name, folds) for name in dict.fromkeys(m.name for r in folds for m in r.measurements))
    one = replace(first, facts=_facts(folds), measurements=samples, history=())
    if not arrays:
        return replace(one, per_class=(), confusion_counts=())
    scores = score(arrays, [str(name) for name in first.data["classes"]])
    scored = {measured.name for measured in scores.measurements}
    others = tuple(measured for measured in samples if measured.name not in scored)
    return replace(
        one,
        measurements=(*scores.measurements, *others),
        per_class=scores.per_class,
        confusion_counts=scores.confusion_counts,
    )


def _joined(name: str, folds: Sequence[Record]) -> Measurement:
    """The samples of a time, which is taken in one fold; of any other figure the mean over folds."""
    measured = [one for record in folds if (one := record.measured(name))]
    if name.endswith(STEP_TIME):
        return joined(measured)
    return replace(measured[0], values=(fmean(one.mean for one in measured),))


def _facts(folds: Sequence[Record]) -> dict[str, Any]:
    """The first fold's, with what any of them noted, and whether all of them repeat to the bit."""
    facts = dict(folds[0].facts)
    notes = dict.fromkeys(note for record in folds for note in _notes(record))
    verdicts = [record.facts["deterministic"] for record in folds if "deterministic" in record.facts]
    return (
        facts | ({"notes": "; ".join(notes)} if notes else {}) | ({"deterministic": all(verdicts)} if verdicts else {})
    )


def _notes(record: Record) -> Iterable[str]:
    return [note for note in str(record.facts.get("notes", "")).split("; ") if note]
