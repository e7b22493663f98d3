"""The two ways to train one model: through the whole network, or its head alone on features computed once.

Both run the same loop over the same batches in the same order, and give the same losses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from harness.data.batches.batches import TensorBatches
from harness.training.feature_store import FeatureStore
from harness.training.features import Extractor, ViewBatches
from harness.training.model import TrainableModel, freeze_all_but
from harness.training.numerics import resolve_numerics
from harness.training.output_check import CheckedForward
from zoo.heads import logits_from_features
from zoo.heads.proof import require_trainable

if TYPE_CHECKING:
    from harness.data.batches.batches import Batches, PixelBatches
    from harness.plan.config import TrainConfig
    from zoo.building import BuiltModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The three splits as batches of images; `key` names the images and their geometry."""

    train: PixelBatches
    val: PixelBatches
    test: PixelBatches
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSetup:
    """What the loop needs: who learns, from what, and what chooses its best epoch.

    `test` gives the batches that judge it in the end; nothing of the test images is computed before it is called.
    """

    trainable: TrainableModel
    train: Batches
    val: Batches
    test: Callable[[], Batches]


def prepare(built: BuiltModel, splits: Splits, config: TrainConfig, store: FeatureStore) -> TrainingSetup:
    """Freeze what does not train, and take the faster way where it is the same as the plain one."""
    device = splits.train.device
    heads = built.head.names if config.finetune == "head" else ()
    freeze_all_but(built.model, heads)
    require_trainable(built.model)
    plain = torch.compile(built.model) if config.torchcompile else built.model
    forward = CheckedForward(forward=plain, num_classes=built.num_classes, has_aux=bool(built.head.aux))
    trainable = TrainableModel(model=built.model, device=device, forward=forward, heads=heads)
    if heads and _may_cache(config) and built.head.tappable:
        return _on_features(trainable, built, splits, config, store)
    return TrainingSetup(trainable=trainable, train=splits.train, val=splits.val, test=lambda: splits.test)


def _may_cache(config: TrainConfig) -> bool:
    return not config.exact and (config.aug == "none" or config.feature_views > 0)


def _on_features(
    trainable: TrainableModel, built: BuiltModel, splits: Splits, config: TrainConfig, store: FeatureStore
) -> TrainingSetup:
    seed = splits.train.seed
    numerics = resolve_numerics(config.numerics, trainable.device)
    extractor = Extractor(built=built, numerics=numerics, store=store, pixels=splits.key)

    def batches(features: tuple[torch.Tensor, torch.Tensor]) -> TensorBatches:
        return TensorBatches(*features, batch_size=config.batch_size, device=trainable.device, seed=seed)

    train: Batches
    if config.aug == "none":
        train = batches(extractor.split("train", splits.train))
    else:
        views = range(config.feature_views)
        train = ViewBatches(tuple(batches(extractor.view(splits.train, view)) for view in views))
    logits = partial(logits_from_features, built.model, built.head)
    trainable.forward = CheckedForward(forward=logits, num_classes=built.num_classes)
    return TrainingSetup(
        trainable=trainable,
        train=train,
        val=batches(extractor.split("val", splits.val)),
        test=lambda: batches(extractor.split("test", splits.test)),
    )
