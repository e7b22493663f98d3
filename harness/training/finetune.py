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
from harness.data.batches.room import want_of_room
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
    `frozen_pass` says how the frozen backbone ran by now, "" where there is none or another trial's features were kept.
    """

    trainable: TrainableModel
    train: Batches
    val: Batches
    test: Callable[[], Batches]
    frozen_pass: Callable[[], str] = lambda: ""


def prepare(
    built: BuiltModel,
    splits: Splits,
    config: TrainConfig,
    store: FeatureStore,
    note: Callable[[str], None] = lambda text: None,
    content: str = "",
) -> TrainingSetup:
    """Freeze what does not train, and take the faster way where it is the same as the plain one and memory allows.

    It is taken by one process alone. `note` is told where it is not. `content` is the `weights_hash` of what is outside
    the head, where it is known.
    """
    device = splits.train.device
    heads = built.head.names if config.finetune == "head" else ()
    freeze_all_but(built.model, heads)
    require_trainable(built.model)
    plain = torch.compile(built.model) if config.torchcompile else built.model
    forward = CheckedForward(forward=plain, num_classes=built.num_classes, has_aux=bool(built.head.aux))
    trainable = TrainableModel(model=built.model, device=device, forward=forward, heads=heads)
    if heads and may_cache(config) and built.head.tappable and (share := splits.train.share):
        note(f"its features are not kept but computed anew in each epoch, by {share.world_size} processes")
    elif heads and may_cache(config) and built.head.tappable:
        try:
            return _on_features(trainable, built, splits, config, store, note, content)
        except Exception as error:
            _say_why_not(error, note, "computed anew in each epoch")
        store.kept.clear()  # what was kept before memory ran out
    return TrainingSetup(trainable=trainable, train=splits.train, val=splits.val, test=lambda: splits.test)


def may_cache(config: TrainConfig) -> bool:
    """Whether the features of a frozen backbone may be computed once: the same images, or so many views, come again."""
    return not config.exact and (config.aug == "none" or config.feature_views > 0)


def _say_why_not(error: Exception, note: Callable[[str], None], instead: str) -> None:
    """Say that features are not kept where there is no room for them. Raises `error` where it is another one."""
    why = want_of_room(error)
    if not why:
        raise error
    note(f"its features are not kept but {instead}: {why}")


def _on_features(
    trainable: TrainableModel,
    built: BuiltModel,
    splits: Splits,
    config: TrainConfig,
    store: FeatureStore,
    note: Callable[[str], None],
    content: str,
) -> TrainingSetup:
    seed, plain = splits.train.seed, trainable.forward
    numerics = resolve_numerics(config.numerics, trainable.device)
    num_views = 1 if config.aug == "none" else config.feature_views
    extractor = Extractor(
        built=built,
        numerics=numerics,
        store=store,
        pixels=splits.key,
        num_rows=num_views * splits.train.num_images + splits.val.num_images + splits.test.num_images,
        content=content,
        note=note,
    )

    def batches(features: tuple[torch.Tensor, torch.Tensor]) -> TensorBatches:
        return TensorBatches(*features, batch_size=config.batch_size, device=trainable.device, seed=seed)

    train: Batches
    if config.aug == "none":
        train = batches(extractor.split("train", splits.train))
    else:
        train = ViewBatches(tuple(batches(extractor.view(splits.train, view)) for view in range(num_views)))
    val = batches(extractor.split("val", splits.val))
    logits = partial(logits_from_features, built.model, built.head)
    trainable.forward = CheckedForward(forward=logits, num_classes=built.num_classes)

    def test() -> Batches:
        try:
            return batches(extractor.split("test", splits.test))
        except Exception as error:  # a training is behind it
            _say_why_not(error, note, "computed batch by batch for the test images")
        trainable.forward = plain
        return splits.test

    return TrainingSetup(trainable=trainable, train=train, val=val, test=test, frozen_pass=lambda: extractor.ran)
