"""torchvision's classifiers through the plugin are those that one builds by hand."""

from __future__ import annotations

import pytest

import zoo
from plugins.torchvision_models import zoo_models
from zoo.building import build, without_memory
from zoo.describe import describe
from zoo.errors import ZooError

SPECS = {spec.name: spec for spec in zoo_models()}
# One of each family; the others differ from it in depth and width.
FAMILIES = (
    "alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 maxvit_t mnasnet0_5 "
    "mobilenet_v2 mobilenet_v3_small regnet_x_400mf regnet_y_400mf resnet18 resnext50_32x4d shufflenet_v2_x0_5 "
    "squeezenet1_0 swin_t swin_v2_t vgg11 vgg11_bn vit_b_16 wide_resnet50_2"
)


def by_hand(name):
    from torchvision import models

    extra = {"init_weights": False} if name in {"googlenet", "inception_v3"} else {}
    with without_memory():
        return models.get_model(name, weights=None, num_classes=10, **extra)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in FAMILIES.split() else pytest.mark.once) for name in sorted(SPECS)],
)
def test_info_agrees_with_a_model_built_by_hand(name):
    model = by_hand(name)
    facts = describe(SPECS[name], "torchvision_models", num_classes=10, macs=False)
    head = model.get_submodule(facts["head"])
    assert facts["param_count"] == facts["trainable_param_count"] == sum(p.numel() for p in model.parameters())
    assert facts["head_type"] == type(head).__name__
    assert facts["in_features"] == getattr(head, "in_features", None) or head.in_channels
    assert facts["num_classes"] == getattr(head, "out_features", None) or head.out_channels


def test_resnet18_has_the_parameters_and_macs_that_everyone_knows():
    facts = describe(SPECS["resnet18"], "torchvision_models", num_classes=10)
    assert (facts["param_count"], facts["head"], facts["in_features"]) == (11_181_642, "fc", 512)
    assert describe(SPECS["resnet18"], "", num_classes=1000)["macs"] == 1_814_073_344


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_auxiliary_heads_are_found_and_follow_the_class_count(name):
    task = zoo.Task(num_classes=10, image_size=299, channels=3)
    built = build(SPECS[name], task, head="mlp:8", device="meta")
    assert built.head.aux
    layers = [built.model.get_submodule(name) for name in (*built.head.names, *built.head.aux)]
    assert all(layer[-1].out_features == 10 for layer in layers)


def test_the_input_follows_the_weights():
    spec = SPECS["vit_b_16"]
    assert (spec.input_for(None).size, spec.input_for("default").size) == (224, 224)
    swag = spec.input_for("IMAGENET1K_SWAG_E2E_V1")
    assert (swag.size, swag.interpolation, swag.fixed) == (384, "bicubic", True)


def test_a_model_of_one_size_is_built_for_the_size_of_the_task():
    built = build(SPECS["vit_b_16"], zoo.Task(num_classes=10, image_size=32, channels=3))
    assert built.model.encoder.pos_embedding.shape[1] == 2 * 2 + 1


def test_pretrained_weights_of_one_size_refuse_another():
    task = zoo.Task(num_classes=10, image_size=96, channels=3, weights="default")
    with pytest.raises(ZooError, match="work at 224 px only") as caught:
        build(SPECS["vit_b_16"], task)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["alexnet", "vgg11", "squeezenet1_1", "googlenet"])
def test_the_smallest_side_runs_and_one_less_does_not(name):
    side = SPECS[name].input_for(None).min_size
    build(SPECS[name], zoo.Task(num_classes=10, image_size=side, channels=3), device="meta")
    with pytest.raises(ZooError, match=f"image size {side - 1} px is smaller than the model's minimum of {side} px"):
        build(SPECS[name], zoo.Task(num_classes=10, image_size=side - 1, channels=3), device="meta")
