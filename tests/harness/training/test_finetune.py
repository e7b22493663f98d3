"""Training a head on cached features is training it through the frozen network, only faster."""

from __future__ import annotations

import pytest
import torch

from harness.data.batches.augment import basic
from harness.data.batches.batches import PixelBatches
from harness.training.evaluate import predict
from harness.training.feature_store import FeatureStore
from harness.training.features import weights_hash
from harness.training.finetune import Splits, prepare
from harness.training.loop import fit
from tests.harness.tiny import config, pixels
from zoo.building import build
from zoo.discovery import discover
from zoo.specs import Task

ZOO = discover(environment={})
NAMES = ["resnet18", "densenet121", "squeezenet1_1", "timm/test_resnet", "timm/test_vit", "timm/test_efficientnet"]
# timm has had its tiny test_* architectures since 1.0.9.
MODELS = [
    pytest.param(name, marks=pytest.mark.skipif(name not in ZOO.models, reason=f"this timm has no {name}"))
    for name in NAMES
]
MODELS.append(pytest.param("vit_b_16", marks=pytest.mark.slow))  # 86 million parameters


def splits(size, augment=None, seed=1):
    def part(num_images, changes):
        images, labels = pixels(num_images, size=size)
        return PixelBatches(
            images, labels, mean=(0.5,), std=(0.25,), channels_out=3, batch_size=8, seed=seed, augment=changes
        )

    return Splits(train=part(20, augment), val=part(12, None), test=part(16, None), key=f"test-{size}")


def built(name, head="linear", size=64):
    torch.manual_seed(0)
    spec = ZOO.select(name)[0].spec
    own = spec.input_for(None)
    size = own.size if own.fixed and name != "vit_b_16" else size  # which is built for any size without weights
    return build(spec, Task(num_classes=3, image_size=size, channels=3), head=head), splits(size)


def trained(model, data, store=None, **changes):
    settings = config(finetune="head", epochs=2, batch_size=8, lr=0.01, **changes)
    setup = prepare(model, data, settings, store or FeatureStore())
    result = fit(setup.trainable, setup.train, setup.val, settings, seed=1)
    return setup, result, predict(setup.trainable, setup.test(), settings)[0]


def test_the_plain_backbone_sees_one_image_only():
    model, parts = built("resnet18")
    seen = []
    model.model.conv1.register_forward_hook(lambda module, args, output: seen.append(len(args[0])))
    prepare(model, parts, config(finetune="head"), FeatureStore())
    assert seen == [1]


@pytest.mark.parametrize("head", ["linear", pytest.param("mlp:16:0.2", marks=pytest.mark.once)])
@pytest.mark.parametrize("name", MODELS)
def test_cached_features_give_the_plain_paths_losses_and_predictions(name, head):
    (fast, data), (plain, _) = built(name, head), built(name, head)
    setup, ours, ours_out = trained(fast, data)
    other, theirs, theirs_out = trained(plain, data, exact=True)
    assert setup.train is not data.train
    assert other.train is data.train
    for row, expected in zip(ours.rows, theirs.rows, strict=True):
        assert row["train_loss"] == pytest.approx(expected["train_loss"], rel=1e-4)
        assert row["eval_loss"] == pytest.approx(expected["eval_loss"], rel=1e-4)
    assert torch.equal(ours_out.argmax(1), theirs_out.argmax(1))


@pytest.mark.parametrize("exact", [False, True])
def test_training_a_head_leaves_the_backbone_as_it_was_to_the_bit(exact):
    model, data = built("resnet18")
    before = weights_hash(model.model, model.head.names)
    trained(model, data, exact=exact)
    assert weights_hash(model.model, model.head.names) == before


def test_a_second_head_or_seed_on_one_backbone_computes_no_features():
    store = FeatureStore()
    model, data = built("resnet18")
    trained(model, data, store)
    keys = set(store.kept)
    other, _ = built("resnet18", "mlp:16:0.0")
    setup, _, _ = trained(other, data, store)
    assert set(store.kept) == keys
    assert setup.train is not data.train


def test_other_weights_have_other_features():
    model, _ = built("resnet18")
    before = weights_hash(model.model, model.head.names)
    next(model.model.parameters()).data.add_(1e-3)
    assert weights_hash(model.model, model.head.names) != before


def test_the_test_images_are_not_touched_before_they_are_asked_for():
    store = FeatureStore()
    model, data = built("resnet18")
    setup = prepare(model, data, config(finetune="head"), store)
    assert sorted(key.rpartition("-")[2] for key in store.kept) == ["train", "val"]
    setup.test()
    assert sorted(key.rpartition("-")[2] for key in store.kept) == ["test", "train", "val"]


def test_augmented_views_are_cached_when_asked_for_and_else_the_plain_path_runs():
    model, _ = built("resnet18")
    data = splits(64, augment=basic)
    assert prepare(model, data, config(finetune="head", aug="basic"), FeatureStore()).train is data.train
    setup = prepare(model, data, config(finetune="head", aug="basic", feature_views=2), FeatureStore())
    first, second, third = (torch.cat([x for x, _ in setup.train.train(epoch)]) for epoch in range(3))
    assert sorted(first.sum(1).tolist()) == sorted(third.sum(1).tolist())
    assert sorted(first.sum(1).tolist()) != sorted(second.sum(1).tolist())
