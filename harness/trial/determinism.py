"""Whether a model is a function of its seed: two short trainings from one seed must end with the same weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from harness.training.feature_store import FeatureStore
from harness.training.features import weights_hash
from harness.training.finetune import prepare
from harness.training.loop import fit
from harness.trial.build import build_model, make_splits
from zoo.specs import SPLITS

if TYPE_CHECKING:
    from harness.data.dataset import PreparedSplits
    from harness.plan.config import Trial
    from harness.trial.context import TrialContext
    from harness.trial.outcome import Outcome
    from zoo.selection import Choice

NUM_STEPS = 3


def judged(outcome: Outcome, trial: Trial, choice: Choice, context: TrialContext) -> Outcome:
    """The outcome of a trial that ended well with `deterministic` among its facts; any other as it is."""
    if outcome.findings.status != "ok":
        return outcome
    try:
        repeatable = is_deterministic(trial, choice, context)
    except Exception:  # the trial itself ran to its end: whatever ends it now did not end it then
        repeatable = False
    facts = {**outcome.findings.facts, "deterministic": repeatable}
    return replace(outcome, findings=replace(outcome.findings, facts=facts))


def is_deterministic(trial: Trial, choice: Choice, context: TrialContext) -> bool:
    """Build and train the trial's model twice for a few steps; whether weights and loss agree to the bit.

    A model that draws from a source of its own, such as the clock, fails this; so does a device whose sums come in
    another order each time.
    """
    alone = replace(context, peers=None)  # the others have ended by now
    first, second = (_short_training(trial, choice, alone) for _ in range(2))
    return first == second


def _short_training(trial: Trial, choice: Choice, context: TrialContext) -> tuple[str, str]:
    """A hash of all weights, and the training loss in full precision (NaN equals NaN as text)."""
    torch.manual_seed(trial.seed)
    built, geometry = build_model(trial, choice, context)
    splits = make_splits(trial, _few(context.dataset.pixels(geometry), NUM_STEPS * trial.train.batch_size), context)
    # Features that the first training left in a shared store would hide a backbone that differs.
    setup = prepare(built, splits, trial.train, FeatureStore())
    history = fit(setup.trainable, setup.train, setup.val, replace(trial.train, epochs=1), seed=trial.seed)
    return weights_hash(built.model, ()), repr(history.rows[0]["train_loss"])


def _few(pixels: PreparedSplits, num_images: int) -> PreparedSplits:
    parts = {name: getattr(pixels, name) for name in SPLITS}
    return replace(
        pixels,
        **{name: replace(p, rows=p.rows[:num_images], labels=p.labels[:num_images]) for name, p in parts.items()},
    )
