"""Test images that every trial of a run missed: likely label errors first, then what is only hard.

An image to which the models agree on one other class, and surely, is more likely labelled wrongly than one that they
take for this and that: the idea of confident learning, Northcutt, Jiang and Chuang (2021), Journal of Artificial
Intelligence Research 70, 1373-1411; of test sets Northcutt, Athalye and Mueller (2021), NeurIPS, Datasets track.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results.answers.asked import NO_DATA, Unanswerable
from results.answers.ensembles.averaging import given_to
from results.errors import StoreError
from results.ranking.comparability import check_labels
from results.ranking.folds import repeats
from results.ranking.metrics import predicted
from results.records import Record
from results.sanitize import plain
from results.store import image_names
from results.store.image_names import IMAGES_FILE, ImageNames
from results.store.run_store import RunStore

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Predictions = Callable[[Record], Mapping[str, Array]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HardImage:
    """One test image, by its row in the predictions, counted from 0; `label` and the classes of `votes` are indices.

    `votes` are the classes that trials took it for, with their numbers, the most frequent first; class -1 where an
    output was not finite. `probability` is the mean that trials gave to the first of them, `own_probability` to its
    label. `suspect` where the former is at least what images of that class usually get.
    """

    row: int
    label: int
    votes: tuple[tuple[int, int], ...]
    probability: float
    own_probability: float
    suspect: bool

    @property
    def taken_for(self) -> int:
        return self.votes[0][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class HardImages:
    """All of them, the likeliest label error first, and what the images are called: None in a run of before."""

    run: str
    classes: tuple[str, ...]
    models: tuple[str, ...]
    seeds: tuple[int, ...]
    num_trials: int
    num_images: int
    images: tuple[HardImage, ...]
    names: ImageNames | None

    def class_name(self, index: int) -> str | None:
        """The name of a class; its number where the run knows none, None where no class was predicted."""
        if index < 0:
            return None
        return self.classes[index] if index < len(self.classes) else str(index)


def hard_images(run: str | None, output: Path) -> HardImages:
    """Of all trials of a run that ended well and left predictions. Raises Unanswerable where there is none."""
    return of_run(RunStore.find(run, output))


def of_run(store: RunStore) -> HardImages:
    """The same of a run that is at hand."""
    trials, predictions = repeats(store.records(), store.predictions)
    trials, missed, labels = _missed(store, trials, predictions)
    names = image_names.read(store)
    if names is not None and list(names.labels) != labels.tolist():
        cause = f"{IMAGES_FILE} of {plain(store.path.name)} does not fit its predictions: its labels are others"
        raise StoreError(cause, "let it be written anew: harness resume RUN")
    return HardImages(
        run=store.path.resolve().name,
        classes=_classes(trials[0]),
        models=tuple(dict.fromkeys(trial.model for trial in trials)),
        seeds=tuple(sorted({trial.seed for trial in trials})),
        num_trials=len(trials),
        num_images=len(labels),
        images=tuple(
            sorted(_images(trials, predictions, missed, labels), key=lambda image: (-image.probability, image.row))
        ),
        names=names,
    )


def _missed(store: RunStore, records: Sequence[Record], predictions: Predictions) -> tuple[list[Record], Array, Array]:
    """The trials, the rows of the images that all of them missed, and the labels of all images."""
    trials: list[Record] = []
    own: list[tuple[str, Array]] = []
    missed: Array | None = None
    for record in records:
        kept = predictions(record) if record.status == "ok" else {}
        if kept:
            trials.append(record)
            own = [*own[:1], (f"{record.model} seed {record.seed}", kept["labels"])]
            check_labels(own)
            wrong = predicted(kept) != kept["labels"]
            missed = wrong if missed is None else missed & wrong
    if missed is None:
        cause = f"no trial of {plain(store.path.name)} ended well and left predictions"
        raise Unanswerable(cause, "see what went wrong: harness table", NO_DATA)
    return trials, missed.nonzero()[0], own[0][1]


def _images(trials: Sequence[Record], predictions: Predictions, rows: Array, labels: Array) -> list[HardImage]:
    """Reads each trial twice: all classes' probabilities of every trial at once would not fit into memory."""
    import numpy as np

    if not len(rows):
        return []
    answers = np.stack([predicted(predictions(trial))[rows] for trial in trials])
    votes = [_votes(answers[:, at].tolist()) for at in range(len(rows))]
    first, true = np.array([own[0][0] for own in votes]), labels[rows]
    given, own = np.zeros(len(rows)), np.zeros(len(rows))
    right = np.zeros(len(labels))
    for trial in trials:
        kept = predictions(trial)
        given += np.where(first >= 0, np.nan_to_num(given_to(kept, rows, first)), 0.0) / len(trials)
        own += np.nan_to_num(given_to(kept, rows, true)) / len(trials)
        right += np.nan_to_num(given_to(kept, np.arange(len(labels)), labels)) / len(trials)
    usual = _usual(right, labels)
    return [
        HardImage(
            row=int(row),
            label=int(true[at]),
            votes=votes[at],
            probability=float(given[at]),
            own_probability=float(own[at]),
            suspect=int(first[at]) in usual and bool(given[at] >= usual[int(first[at])]),
        )
        for at, row in enumerate(rows)
    ]


def _likeliest_error(image: HardImage) -> tuple[float, int]:
    return -image.probability, image.row


def _votes(answers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The most frequent first, no answer last among its equals."""
    counts = Counter(answers).items()
    return tuple(sorted(counts, key=lambda vote: (-vote[1], vote[0] < 0, vote[0])))


def _usual(right: Array, labels: Array) -> Mapping[int, float]:
    """By class the mean probability that images labelled so get for it: the threshold of confident learning."""
    import numpy as np

    counts, sums = np.bincount(labels), np.bincount(labels, right)
    return {index: float(sums[index] / count) for index, count in enumerate(counts) if count}


def _classes(record: Record) -> tuple[str, ...]:
    return tuple(str(name) for name in record.data.get("classes", ()) or [row["name"] for row in record.per_class])
