"""Work and parameters of whole libraries, against what their authors publish: minutes, `pytest -m slow`."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch
import torchvision

from harness.timing.flops import count
from zoo.heads.without_memory import without_memory

CLASSIFIERS = [
    name
    for name in torchvision.models.list_models(module=torchvision.models)
    if not name.startswith(("raft", "quantized"))
]
# From timm's own results/results-imagenet.csv (github.com/huggingface/pytorch-image-models, Apache-2.0, commit
# aa4b585): 100 architectures drawn at random among those below 400 million parameters.
TIMM_COUNTS = Path(__file__).with_name("timm_param_counts.csv")


def weights(name: str):
    """The first weights published: for two models they are not those of IMAGENET1K_V1."""
    return next(iter(torchvision.models.get_model_weights(name)))


def size(name: str) -> int:
    return weights(name).transforms().crop_size[0]


def build(name: str) -> torch.nn.Module:
    options = {"image_size": size(name)} if name.startswith("vit") else {}
    with without_memory():
        return torchvision.models.get_model(name, weights=None, **options)


def timm_model(name: str) -> torch.nn.Module:
    import timm

    try:
        with without_memory():
            return timm.create_model(name, num_classes=1000)
    except RuntimeError:  # a few compute with their own tensors while they are built
        return timm.create_model(name, num_classes=1000)


@pytest.mark.slow
def test_work_and_parameters_equal_torchvisions_published_figures():
    ops, params = [], []
    for name in CLASSIFIERS:
        work, published = count(build(name), (3, size(name), size(name))), weights(name).meta
        ops += [name] if abs(work.gmacs - published["_ops"]) > 0.0006 else []
        params += [name] if work.param_count != published["num_params"] else []
    print(f"\n{len(CLASSIFIERS)} classifiers; work differs: {ops or 'none'}; parameters differ: {params or 'none'}")
    assert len(ops) <= 2
    assert len(params) <= 2


@pytest.mark.slow
def test_parameters_equal_timms_published_counts():
    rows = list(csv.DictReader(TIMM_COUNTS.open(encoding="utf-8")))
    wrong = []
    for row in rows:
        millions = sum(parameter.numel() for parameter in timm_model(row["model"]).parameters()) / 1e6
        wrong += [row["model"]] if abs(millions - float(row["param_count"])) > 0.0051 else []
    print(f"\n{len(rows)} architectures; parameters differ: {wrong or 'none'}")
    assert wrong == []


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "squeezenet1_1"])
def test_known_classifiers_have_their_published_work(name):
    work = count(build(name), (3, 224, 224))
    assert work.gmacs == pytest.approx(weights(name).meta["_ops"], abs=0.0006)
    assert work.param_count == weights(name).meta["num_params"]
