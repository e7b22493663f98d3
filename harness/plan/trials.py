"""From models and seeds to the trials of a run, checked before anything is opened or downloaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.plan.config import Trial
from harness.plan.options import for_choice
from zoo.building import require_installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.plan.config import TimingConfig, TrainConfig
    from zoo.selection import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A trial and the model it is about."""

    trial: Trial
    choice: Choice

    @property
    def label(self) -> str:
        """How the trial is called on the screen."""
        return self.trial.name


def plan(
    choices: Sequence[Choice],
    seeds: Sequence[int],
    *,
    dataset: str,
    train: TrainConfig,
    timing: TimingConfig,
    device: str,
    folds: int | None = None,
) -> list[Planned]:
    """Every model from every seed; seeds go round first, so that an interrupted run has compared all models once.

    With `folds` each of these is as many trials, one after the other: an interrupted run then has whole models.

    Each is timed as it is trained: with its numerics, and compiled or not. Raises ZooError where a model cannot have
    the weights that were asked for, or needs what is not installed.
    """
    for choice in choices:
        require_installed(choice.spec)
    configs = {choice.name: for_choice(train, choice) for choice in choices}
    for choice in choices:
        weights = configs[choice.name].weights
        if weights is not None:  # now, and not after an hour of other trials
            weights.require(choice.spec)
    # A row that is trained in one layout or precision and timed in another would say nothing of either.
    timing = replace(timing, numerics=train.numerics, torchcompile=train.torchcompile)
    return [
        Planned(
            trial=Trial(
                model=choice.name,
                dataset=dataset,
                train=configs[choice.name],
                timing=timing,
                device=device,
                seed=seed,
                fold=fold,
                folds=folds,
            ),
            choice=choice,
        )
        for seed in seeds
        for choice in choices
        for fold in (range(1, folds + 1) if folds else [None])
    ]
