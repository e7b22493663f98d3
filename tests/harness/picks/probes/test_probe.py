"""A probe sees the features that the shared loop trains a head on."""

from __future__ import annotations

import pytest
import torch

from harness.picks.probes.pooling import pooled, tapped
from harness.picks.probes.probe import make_extractor
from harness.training.feature_store import FeatureStore
from harness.training.finetune import prepare
from harness.trial.build import build_model, make_splits
from harness.trial.context import TrialContext
from tests.harness.picks.probes.picks import planned, probing
from zoo.discovery import discover

ZOO = discover(environment={})
NAMES = ["mlp", "timm/test_resnet", "timm/test_convnext"]
MODELS = [
    pytest.param(name, marks=pytest.mark.skipif(name not in ZOO.models, reason=f"this timm has no {name}"))
    for name in NAMES
]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return probing(tmp_path_factory.mktemp("pick"), ZOO, "digits", sizes=(40, 100)).images.second


@pytest.mark.parametrize("name", MODELS)
def test_probed_features_are_the_shared_loops_cached_features_to_the_bit(name, images):
    """Of a model that pools within its head, after that head's own pooling."""
    (item,) = planned(ZOO, [name], dataset="digits")
    context = TrialContext(dataset=images, device=torch.device("cpu"), timed_on=(), features=FeatureStore())
    torch.manual_seed(0)
    built, geometry = build_model(item.trial, item.choice, context)
    splits = make_splits(item.trial, images.pixels(geometry), context)
    prepare(built, splits, item.trial.train, context.features).test()
    ours = make_extractor(tapped(built), splits, item.trial, context, "")
    probed = {part: ours.split(part, getattr(splits, part)) for part in ("train", "val", "test")}
    theirs = {key.rpartition("-")[2]: kept for key, kept in context.features.kept.items() if "pooled" not in key}
    assert len(context.features.kept) == 2 * len(theirs) == 6
    for part, (features, labels) in probed.items():
        with torch.inference_mode():
            assert torch.equal(features, pooled(built, theirs[part][0]))
        assert torch.equal(labels, theirs[part][1])
    if built.head.tap == built.head.names and theirs["train"][0].ndim == 2:
        assert torch.equal(probed["train"][0], theirs["train"][0])
