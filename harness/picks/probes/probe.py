"""One model probed, in the child: built with its weights, run over the images, judged by a linear classifier.

The images, the weights and the pass through the frozen backbone are those of a trial, to the bit: a finalist's head is
trained on the features that it was probed on.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.picks.probes import logistic, ridge
from harness.picks.probes.pooling import POOLED, pooled, tapped
from harness.training.features import Extractor, weights_hash
from harness.training.numerics import resolve_numerics
from harness.trial.build import build_model, make_splits
from harness.trial.outcome import MAX_SAVED_CLASSES
from zoo.errors import ZooError

if TYPE_CHECKING:
    import numpy as np

    from harness.data.batches.batches import PixelBatches
    from harness.plan.config import Trial
    from harness.training.finetune import Splits
    from harness.trial.context import TrialContext
    from harness.trial.trial import Phases
    from zoo.building import BuiltModel
    from zoo.selection import Choice

REMEDY = "leave it out, or look at what it computes: python -m harness check NAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """The predictions of the images that the stage judges on, their scores, and facts of how they came about."""

    predictions_N: np.ndarray
    scores_NK: np.ndarray | None
    facts: dict[str, str | float | bool]


def probe(
    trial: Trial,
    choice: Choice,
    context: TrialContext,
    stage: int,
    units: Sequence[int],
    phases: Phases,
    folder: Path,
) -> Probed:
    """Probe the model of `trial`. `context` has the dataset of the stage, `units` tells which images go together, and
    in `folder` processes wait for each other, so that no two decode the same images.

    Raises ZooError where its features say nothing, and whatever the model raises.
    """
    with phases("build"):
        context.put_switches_back("as it was imported")
        torch.manual_seed(trial.seed)
        built, geometry = build_model(trial, choice, context)
        built = tapped(built)
        body = weights_hash(built.model, built.head.names)
    with phases("data"), _alone(folder / f"{geometry.key}.lock"):
        pixels = context.dataset.pixels(geometry)
        splits = make_splits(trial, pixels, context)
    with phases("features"):
        extractor = make_extractor(built, splits, trial, context, body)
        first = _features(extractor, "train", splits.train)
        if stage == 2:
            # Of few images the first set has all: then there are no more.
            more = _features(extractor, "val", splits.val) if splits.val.num_images else (first[0][:0], first[1][:0])
            judged = _features(extractor, "test", splits.test)
        context.put_switches_back("while it computed features")
    with phases("fit"):
        num_classes = len(context.dataset.classes)
        if stage == 1:
            facts, scores_NK = _ridge(*first, num_classes, units)
        else:
            facts, scores_NK = _logistic(first, more, judged, num_classes)
    return Probed(
        predictions_N=scores_NK.argmax(1).cpu().numpy(),
        scores_NK=scores_NK.cpu().numpy() if num_classes <= MAX_SAVED_CLASSES else None,
        facts={
            "weights": built.weights,
            "weights_sha256": body,
            "img_size": geometry.size,
            "num_features": first[0].shape[1],
            "frozen_pass": extractor.ran,
            **facts,
            **context.notes.facts,
        },
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """While no other process is within the same. Where the disk knows no locks they are merely as slow as without."""
    with path.open("a") as file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_extractor(built: BuiltModel, splits: Splits, trial: Trial, context: TrialContext, content: str) -> Extractor:
    """The shared loop's way through the frozen backbone, of whose features the pooled ones are kept."""
    return Extractor(
        built=built,
        numerics=resolve_numerics(trial.train.numerics, context.device),
        store=context.features,
        pixels=splits.key,
        content=content,
        note=context.notes.add,
        reduce=partial(pooled, built),
        reduced=POOLED,
    )


def _features(extractor: Extractor, name: str, images: PixelBatches) -> tuple[Tensor, Tensor]:
    """Features and labels of one part, on the device. Raises ZooError where nothing could be learnt of them."""
    features_NF, labels_N = (one.to(images.device) for one in extractor.split(name, images))
    num_bad = int((~torch.isfinite(features_NF).all(1)).sum())
    if num_bad:
        raise ZooError(f"its features are not finite for {num_bad} of {len(labels_N)} images", REMEDY)
    if name == "train" and bool((features_NF == features_NF[:1]).all()):
        raise ZooError(f"its features are the same for all {len(labels_N)} images", REMEDY)
    return features_NF, labels_N


def _ridge(
    features_NF: Tensor, labels_N: Tensor, num_classes: int, units: Sequence[int]
) -> tuple[dict[str, float], Tensor]:
    fit = ridge.fit(features_NF, labels_N, num_classes, units)
    return {"penalty": fit.penalty, "penalty_share": fit.share}, fit.loo_scores_NK


def _logistic(
    first: tuple[Tensor, Tensor], more: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor], num_classes: int
) -> tuple[dict[str, float], Tensor]:
    features_NF, labels_N = (torch.cat(both) for both in zip(first, more, strict=True))
    fit = logistic.fit(features_NF, labels_N, *val, num_classes)
    facts = {"c": fit.c, "log_loss": min(fit.losses), "is_converged": fit.is_converged}
    return facts, fit.val_log_probs_MK
