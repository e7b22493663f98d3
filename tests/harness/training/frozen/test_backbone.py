"""A frozen backbone made fast: what is folded and replaced, and that a wrong fold is never used."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from torch import nn

from harness.training.frozen import backbone, blocking
from harness.training.frozen.blocking import evenly
from harness.training.frozen.clamping import Clamp
from harness.training.frozen.fusing import RectifiedConv2d
from harness.training.frozen.graphs import Tracer
from harness.training.frozen.winograd import WinogradConv2d
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


def pooled_first(model):
    """How many average poolings directly precede a convolution, in the first layers and later."""
    graphs = [model.get_submodule(blocking.FIRST).layers.graph, model.graph]
    calls = [node.target for graph in graphs for node in graph.nodes if node.op == "call_module"]
    calls.remove(blocking.FIRST)
    return sum("pool" in before and "conv" in after for before, after in itertools.pairwise(calls))


def test_all_twenty_batch_norms_of_resnet18_are_folded_with_equal_features():
    model, head = prepared("resnet18")
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        fast = backbone.fast_backbone(model, head, images)
        assert (num_batch_norms(model), num_batch_norms(fast.model)) == (20, 0)
        assert torch.allclose(fast(images), features(model, head, images), atol=1e-5)


def test_a_copy_is_held_against_the_features_that_are_known_of_an_image():
    model, head = prepared("resnet18")
    images, said = torch.randn(2, 3, 32, 32), []
    with torch.no_grad():
        right = features(model, head, images[1:])
        fast = backbone.fast_backbone(model, head, images, known=(images[1:], right))
        plain = backbone.fast_backbone(model, head, images, note=said.append, known=(images[1:], right + 0.1))
    assert (num_batch_norms(fast.model), plain.model is model, len(said)) == (0, True, 1)


def test_the_plain_model_keeps_its_weights_and_their_layout():
    model, head = prepared("resnet18")
    kept = {name: (tensor.clone(), tensor.stride()) for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        for dtype in (None, torch.bfloat16):
            backbone.fast_backbone(model, head, torch.randn(2, 3, 32, 32), dtype)
    now = model.state_dict()
    assert all(
        torch.equal(now[name], tensor) and now[name].stride() == stride for name, (tensor, stride) in kept.items()
    )
    assert all(parameter.requires_grad for parameter in model.fc.parameters())


def test_all_batch_norms_but_the_last_of_densenet121_are_folded_or_clamps():
    model, head = prepared("densenet121")
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        fast = backbone.fast_backbone(model, head, images)
        clamps = [module for module in fast.model.modules() if isinstance(module, Clamp)]
        assert pooled_first(fast.model) == 3
        assert (num_batch_norms(model), num_batch_norms(fast.model), len(clamps)) == (121, 1, 61)
        assert torch.allclose(fast(images), features(model, head, images), atol=1e-4)


def test_what_ran_is_said_with_how_often():
    said = {}
    for name in ("resnet18", "densenet121"):
        model, head = prepared(name)
        with torch.no_grad():
            said[name] = backbone.fast_backbone(model, head, torch.randn(2, 3, 32, 32)).ran
    assert said["resnet18"] == (
        "rewritten: channels last, 20 batch-norms folded, 9 convolutions by Winograd, 11 convolutions that rectify, "
        "first layers in blocks"
    )
    assert said["densenet121"].startswith(
        "rewritten: channels last, 59 batch-norms folded, 3 poolings first, 61 clamps, "
    )


def test_layers_that_a_library_derives_from_torchs_own_stay_whole_with_equal_features():
    """Convolutions that pad by the image's size cannot be followed, and what is around them can."""
    model, head = prepared("timm/tf_mobilenetv3_small_minimal_100")
    images = torch.randn(2, 3, 33, 33)
    with torch.no_grad():
        fast = backbone.fast_backbone(model, head, images)
        assert fast.ran.startswith("rewritten: channels last, ")
        assert num_batch_norms(fast.model) < num_batch_norms(model)
        assert torch.allclose(fast(images), features(model, head, images), atol=1e-4)


def test_an_architecture_that_cannot_be_rewritten_runs_as_it_is_and_says_why():
    built = build(ZOO.select("timm/efficientvit_m0")[0].spec, Task(num_classes=5, image_size=224, channels=3))
    said = []
    with torch.no_grad():
        ran = backbone.fast_backbone(built.model, built.head, torch.randn(1, 3, 224, 224), note=said.append).ran
    kind, why = ran.removeprefix("as it is: ").split(": ", 1)
    assert why
    assert said == [f"its frozen backbone has no faster copy ({kind}): it runs as it is"]


def test_a_fold_that_changes_the_features_is_not_used(monkeypatch):
    model, head = prepared("resnet18")
    monkeypatch.setattr(backbone, "fuse_conv_bn_eval", lambda conv, norm: conv)
    said = []
    with torch.no_grad():
        assert backbone.fast_backbone(model, head, torch.randn(2, 3, 32, 32), note=said.append).model is model
    assert said == ["the faster copy of its frozen backbone gives other features: it runs as it is"]


def test_a_model_that_cannot_be_traced_keeps_its_plain_backbone(monkeypatch):
    model, head = prepared("resnet18")
    monkeypatch.setattr(backbone, "_foldable", lambda *_: 1 / 0)
    said = []
    with torch.no_grad():
        assert backbone.fast_backbone(model, head, torch.randn(2, 3, 32, 32), note=said.append).model is model
    assert said == ["its frozen backbone has no faster copy (ZeroDivisionError): it runs as it is"]


def test_the_nine_large_convolutions_of_resnet18_are_replaced_and_the_others_rectify_in_float32():
    model, head = prepared("resnet18")
    with torch.no_grad():
        fast = backbone.fast_backbone(model, head, torch.randn(2, 3, 32, 32))
    kinds = [type(module) for module in fast.model.modules()]
    assert (kinds.count(WinogradConv2d), kinds.count(RectifiedConv2d)) == (9, 11)


def test_in_mixed_precision_weights_are_converted_once_to_what_autocast_makes_of_them():
    model, head = prepared("resnet18")
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        fast = backbone.fast_backbone(model, head, images, torch.bfloat16)
        folded = copy.deepcopy(model)
        backbone._fold(folded, Tracer(head).trace(folded))
        with torch.autocast("cpu", torch.bfloat16):
            ours = fast(images)
            assert torch.equal(ours, features(folded.to(memory_format=torch.channels_last), head, images))
            assert not torch.equal(ours, features(model, head, images))
    assert {module.weight.dtype for module in fast.model.modules() if isinstance(module, nn.Conv2d)} == {torch.bfloat16}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "convnext_tiny", "mobilenet_v3_small"])
def test_first_layers_see_few_images_at_a_time_with_equal_features(name, monkeypatch):
    model, head = prepared(name)
    images = torch.randn(7, 3, 32, 32)
    monkeypatch.setattr(blocking, "BLOCK_BYTES", 2 * 3 * 32 * 32 * 4)
    with torch.no_grad():
        fast = backbone.fast_backbone(model, head, images)
        seen = []
        blocks = fast.model.get_submodule(blocking.FIRST)
        blocks.layers.register_forward_hook(lambda module, inputs, made: seen.append((len(inputs[0]), made.shape[2])))
        outputs = fast(images)
    assert [count for count, _ in seen] == [2, 2, 2, 1]
    assert [len(part) for part in evenly(torch.empty(13), 4)] == [4, 3, 3, 3]
    assert max(side for _, side in seen) < 32 / blocking.SHRINK
    torch.testing.assert_close(outputs, features(model.eval(), head, images), rtol=1e-4, atol=1e-4)


def test_a_model_without_layers_of_high_resolution_is_not_divided():
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    graph = torch.fx.Tracer().trace(model)
    whole = blocking.in_blocks(model, graph, torch.randn(1, 3, 2, 2))
    assert blocking.FIRST not in dict(whole.named_modules())
    images = torch.randn(2, 3, 2, 2)
    assert torch.equal(whole(images), model(images))


class Bypassed(nn.Module):
    """Its input goes around its narrow layer: nothing narrow is all that the rest needs."""

    def forward(self, images_BCHW):
        narrow = nn.functional.avg_pool2d(images_BCHW, 16)
        return narrow + images_BCHW.mean()


def test_a_model_is_divided_only_where_everything_passes():
    model = Bypassed()
    graph = torch.fx.Tracer().trace(model)
    images = torch.randn(1, 3, 32, 32)
    assert torch.equal(blocking.in_blocks(model, graph, images)(images), model(images))
