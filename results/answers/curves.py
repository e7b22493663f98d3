"""How the models of a run learnt: their losses and validation errors by epoch, and what these say in a word."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from results.answers.asked import NO_DATA, Unanswerable, require_model, run_and_models
from results.answers.sides import sides
from results.records import Record
from results.sanitize import plain

# A loss over-fits where it ends that much above its lowest, and above it by that share of what it had fallen; half of
# its way since must be rise: what only jumps up and down about a level goes nowhere. One epoch may be bad luck.
RISE, RISE_OF_FALL, STEADY, MIN_EPOCHS_SINCE = 0.04, 0.05, 0.5, 2
# Or it wandered: then after so many epochs all of their later half must lie that much above the lowest.
LATER, STAYED = 8, 0.15
STILL_FALLING = 0.01  # of the loss, in the last epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One trial: mean losses and validation error in percent, a value each epoch; epochs are counted from 1.

    `kept` is the epoch whose weights the model has, 0 where it has those that it began with. `num_asked` is how many
    epochs it might have taken.
    """

    seed: int
    fold: int | None = None
    train_loss: tuple[float, ...]
    val_loss: tuple[float, ...]
    val_err: tuple[float, ...]
    kept: int
    num_asked: int

    @property
    def num_epochs(self) -> int:
        return len(self.val_loss)

    @property
    def lowest(self) -> int:
        """The epoch of the lowest validation loss; 0 where none was finite."""
        finite = [loss for loss in self.val_loss if math.isfinite(loss)]
        return 1 + self.val_loss.index(min(finite)) if finite else 0

    @property
    def diverged(self) -> bool:
        return not all(map(math.isfinite, (*self.train_loss, *self.val_loss)))

    @property
    def rise(self) -> float:
        """How far the validation loss of the last epoch lies above the lowest, as a share of that."""
        least = self.val_loss[self.lowest - 1]
        return (self.val_loss[-1] - least) / least if least > 0 else 0.0

    @property
    def over_fits(self) -> bool:
        """Whether validation loss rose to the end while training loss fell on."""
        if self.diverged or self.num_epochs - self.lowest < MIN_EPOCHS_SINCE:
            return False
        since = self.val_loss[self.lowest - 1 :]
        net, path = since[-1] - since[0], sum(abs(after - before) for before, after in pairwise(since))
        far = net >= max(RISE * since[0], RISE_OF_FALL * (self.val_loss[0] - since[0]))
        stayed = len(since) > LATER and min(since[-len(since) // 2 :]) >= (1 + STAYED) * since[0]
        return far and (net >= STEADY * path or stayed) and self.train_loss[-1] < self.train_loss[self.lowest - 1]

    @property
    def still_falls(self) -> bool:
        """Whether it was ended by the number of epochs, and not because nothing more was gained."""
        if self.diverged or self.num_epochs < max(2, self.num_asked) or self.lowest != self.num_epochs:
            return False
        before, last = self.val_loss[-2:]
        return before - last >= STILL_FALLING * before


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """One model: a curve for each seed, or of cross-validation for each fold, that has learnt at all."""

    model: str
    curves: tuple[Curve, ...]

    @property
    def kind(self) -> str:
        """What its curves are of: "seed", or "fold"."""
        return "seed" if all(curve.fold is None for curve in self.curves) else "fold"

    @property
    def over_fits(self) -> bool:
        """Whether at least half of its seeds do."""
        return 2 * sum(curve.over_fits for curve in self.curves) >= len(self.curves)

    @property
    def rises_from(self) -> int:
        """The epoch from which validation loss rose, the median of the seeds in which it did; 0 where in none."""
        onsets = [curve.lowest + 1 for curve in self.curves if curve.over_fits]
        return int(median(onsets)) if onsets else 0

    @property
    def rise(self) -> float:
        """By how much it rose, the median of the same seeds; a share of the lowest."""
        return median([curve.rise for curve in self.curves if curve.over_fits] or [0.0])

    @property
    def still_falls(self) -> bool:
        """Whether at least half of its seeds might gain by more epochs."""
        return 2 * sum(curve.still_falls for curve in self.curves) >= len(self.curves)

    @property
    def num_diverged(self) -> int:
        return sum(curve.diverged for curve in self.curves)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCurves:
    """All that were asked for, in the order of the run's ranking; `run` is the name of its folder."""

    run: str
    models: tuple[Learning, ...]


def learning_curves(names: Sequence[str], output: Path) -> LearningCurves:
    """Of a run and models of it; the first of `names` may be left out for the latest run, the others for all models.

    Raises Unanswerable where no epoch of any of them was finished.
    """
    store, models = run_and_models(names, output)
    records = store.records()
    for model in models:
        require_model(model, {record.model for record in records}, store.path.name)
    ranking = sides(store, records)[1]
    order = list(dict.fromkeys([*ranking.order, *(record.model for record in records)]))
    found = of_models((model for model in order if model in models or not models), records)
    if not found:
        cause = f"no model of {plain(store.path.name)} that was asked for has finished an epoch"
        raise Unanswerable(cause, "see what went wrong: harness table", NO_DATA)
    return LearningCurves(run=store.path.resolve().name, models=found)


def of_models(models: Iterable[str], records: Sequence[Record]) -> tuple[Learning, ...]:
    """The curves of those models that have learnt at all, in the order given."""
    return tuple(learning for model in models if (learning := of_records(model, records)).curves)


def of_records(model: str, records: Sequence[Record]) -> Learning:
    """The curves of a model among the records of a run."""
    learnt = (record for record in records if record.model == model and record.history)
    own = sorted(learnt, key=lambda record: (record.seed, record.fold or 0))
    return Learning(model=model, curves=tuple(_curve(record) for record in own))


def _curve(record: Record) -> Curve:
    rows = record.history
    return Curve(
        seed=record.seed,
        fold=record.fold,
        train_loss=tuple(float(row["train_loss"]) for row in rows),
        val_loss=tuple(float(row.get("eval_loss", math.nan)) for row in rows),
        val_err=tuple(100 - float(row.get("eval_top1", math.nan)) for row in rows),
        kept=int(record.facts.get("best_epoch", -1)) + 1,
        num_asked=int(record.trial.get("train", {}).get("epochs", len(rows))),
    )
