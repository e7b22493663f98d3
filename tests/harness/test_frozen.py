"""A frozen backbone made fast: what is folded and replaced, and that a wrong fold is never used."""

from __future__ import annotations

import torch
from torch import nn

from harness import frozen
from harness.winograd import WinogradConv2d
from zoo.building import build
from zoo.discovery import discover
from zoo.heads import features
from zoo.specs import Task

ZOO = discover(environment={})


def prepared(name):
    """A model whose batch-norm statistics are not the trivial ones."""
    torch.manual_seed(0)
    built = build(ZOO.select(name)[0].spec, Task(num_classes=3, image_size=32, channels=3))
    built.model.train()
    with torch.no_grad():
        built.model(torch.randn(8, 3, 32, 32))
    return built.model.eval(), built.head


def num_batch_norms(model):
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def test_all_twenty_batch_norms_of_resnet18_are_folded_with_equal_features():
    model, head = prepared("resnet18")
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        fast = frozen.fast_backbone(model, head, images)
        assert (num_batch_norms(model), num_batch_norms(fast.model)) == (20, 0)
        assert torch.allclose(fast(images), features(model, head, images), atol=1e-5)


def test_only_the_batch_norms_that_follow_a_convolution_are_folded_in_densenet121():
    model, head = prepared("densenet121")
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        fast = frozen.fast_backbone(model, head, images)
        assert (num_batch_norms(model), num_batch_norms(fast.model)) == (121, 62)
        assert torch.allclose(fast(images), features(model, head, images), atol=1e-4)


def test_a_fold_that_changes_the_features_is_not_used(monkeypatch):
    model, head = prepared("resnet18")
    monkeypatch.setattr(frozen, "fuse_conv_bn_eval", lambda conv, norm: conv)
    with torch.no_grad():
        assert frozen.fast_backbone(model, head, torch.randn(2, 3, 32, 32)).model is model


def test_a_model_that_cannot_be_traced_keeps_its_plain_backbone(monkeypatch):
    model, head = prepared("resnet18")
    monkeypatch.setattr(frozen, "_foldable", lambda *_: 1 / 0)
    with torch.no_grad():
        assert frozen.fast_backbone(model, head, torch.randn(2, 3, 32, 32)).model is model


def test_the_nine_large_convolutions_of_resnet18_are_replaced_in_float32():
    model, head = prepared("resnet18")
    with torch.no_grad():
        fast = frozen.fast_backbone(model, head, torch.randn(2, 3, 32, 32))
    assert sum(isinstance(module, WinogradConv2d) for module in fast.model.modules()) == 9


def test_in_mixed_precision_weights_are_converted_once_to_what_autocast_makes_of_them():
    model, head = prepared("resnet18")
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        fast = frozen.fast_backbone(model, head, images, torch.bfloat16)
        with torch.autocast("cpu", torch.bfloat16):
            ours = fast(images)
            assert torch.equal(ours, features(frozen._folded(model, head), head, images))
            assert not torch.equal(ours, features(model, head, images))
    assert {module.weight.dtype for module in fast.model.modules() if isinstance(module, nn.Conv2d)} == {torch.bfloat16}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
