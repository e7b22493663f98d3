"""timm's architectures through the plugin are those that timm builds, whatever their head."""

from __future__ import annotations

import pytest
import torch

import zoo
from plugins.timm_models import zoo_models
from zoo.building import build, runs_on
from zoo.describe import describe
from zoo.errors import ZooError
from zoo.heads import features, logits_from_features

SPECS = {spec.name.removeprefix("timm/"): spec for spec in zoo_models()}
# Every kind of head that timm 1.0.31 has, then one architecture each of as many families.
BROAD = (
    "caformer_s18 coat_lite_tiny convmixer_1536_20 cpubone_nano crossvit_9_dagger_240 cspnext_tiny darknet17 "
    "deit_small_distilled_patch16_224 dla34 dpn48b efficientformer_l1 efficientvim_m1_dist efficientvim_m3 "
    "efficientvit_b0 efficientvit_m1 ese_vovnet19b_slim eva02_tiny_patch14_224 fasternet_t2 ghostnet_050 "
    "hardcorenas_a hgnet_tiny hiera_tiny_224 hrnet_w18_small iformer_s inception_next_atto lambda_resnet26t "
    "legacy_seresnet18 legacy_xception levit_512_s8 levit_conv_384_s8 lowformer_e1 mixer_s16_224 "
    "mobilevitv2_050 pit_s_224 pvt_v2_b0 regnetx_002 repghostnet_080 repvit_m2 res2net50_48w_2s resnest14d "
    "resnet10t resnet50_clip resnetv2_18 rexnet_100 sam2_hiera_tiny samvit_base_patch16 selecsls42b shvit_s3 "
    "skresnet18 starnet_s050 test_coatnet test_convnext3 test_efficientnet test_nfnet test_vit "
    "tf_mobilenetv3_small_minimal_100 vgg11 visformer_small vit_small_resnet26d_224 volo_d1_224 "
    "vit_srelpos_small_patch16_224 xception41p "
)


def by_hand(name):
    import timm

    try:
        with torch.device("meta"):
            return timm.create_model(name, num_classes=10)
    except RuntimeError:  # timm before 1.0 reads values while it builds, and some builders run a layer
        return timm.create_model(name, num_classes=10)


@pytest.mark.parametrize(
    "name",
    [  # every second one on every torch, the others on the newest
        pytest.param(name, marks=pytest.mark.once if place % 2 else ())
        for place, name in enumerate(BROAD.split())
        if name in SPECS
    ],
)
def test_info_agrees_with_a_model_built_by_hand(name):
    model = by_hand(name)
    facts = describe(SPECS[name], "timm_models", num_classes=10, macs=False)
    classifier = model.get_classifier()
    main = classifier[0] if isinstance(classifier, tuple) else classifier
    assert facts["param_count"] == sum(parameter.numel() for parameter in model.parameters())
    assert (model.get_submodule(facts["head"]) is main, facts["head_type"]) == (True, type(main).__name__)
    assert facts["num_classes"] == 10 == model.num_classes
    assert facts["img_size"] == model.pretrained_cfg["input_size"][-1]


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("deit_tiny_distilled_patch16_224", ["head", "head_dist"]),
        ("levit_128s", ["head.linear", "head_dist.linear"]),
        ("repvit_m1", ["head.head.l", "head.head_dist.l"]),
        ("crossvit_9_240", ["head.0", "head.1"]),
        ("volo_d1_224", ["head", "aux_head"]),
        ("caformer_s18", ["head.fc.fc2"]),
        ("vit_small_patch14_dinov2", ["head"]),
    ],
)
def test_the_last_layers_of_composite_heads_are_found(name, layers):
    assert describe(SPECS[name], "timm_models", num_classes=10, macs=False)["head_layers"] == layers


@pytest.mark.parametrize("name", sorted(name for name in SPECS if name.endswith("_enc")))
def test_an_encoder_is_called_headless(name):
    with pytest.raises(ZooError, match=f"timm/{name}: is an encoder without a classifier"):
        describe(SPECS[name], "timm_models", num_classes=10)
    assert list(SPECS[name].expected_failures) == ["builds"]


@pytest.mark.parametrize("name", ["levit_128s", "deit_tiny_distilled_patch16_224", "lcnet_035", "resnet10t"])
@pytest.mark.parametrize("head", ["linear", "mlp:16:0.5"])
def test_a_frozen_backbone_can_be_cached(name, head):
    size = SPECS[name].input_for(None).size
    built = build(SPECS[name], zoo.Task(num_classes=10, image_size=size, channels=3), head=head)
    model, head, images = built.model.eval(), built.head, torch.rand(2, 3, size, size)
    assert head.tappable
    torch.testing.assert_close(logits_from_features(model, head, features(model, head, images)), model(images))


def test_a_model_of_one_size_is_built_for_the_size_of_the_task():
    built = build(SPECS["deit_tiny_patch16_224"], zoo.Task(num_classes=10, image_size=32, channels=3))
    assert built.model.patch_embed.img_size == (32, 32)


def test_the_input_follows_the_weights():
    spec = SPECS["vit_base_patch16_224"]
    assert (spec.input_for(None).size, spec.input_for(None).fixed) == (224, True)
    assert spec.input_for("mae").mean == pytest.approx((0.485, 0.456, 0.406))
    assert spec.input_for("augreg_in21k").mean == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("name", ["inception_v3", "halonet26t", "csatv2", "resnet18"])
def test_the_least_size_is_what_runs_and_one_less_is_not(name):
    if name not in SPECS:
        pytest.skip("newer than this timm")
    least = SPECS[name].input_for(None).min_size
    task = zoo.Task(num_classes=5, image_size=least, channels=3)
    assert runs_on(SPECS[name], task, least)
    assert name == "resnet18" or not runs_on(SPECS[name], task, least - 1)


def test_an_unknown_tag_is_a_usage_error():
    with pytest.raises(ZooError, match="no pretrained weights 'mea'"):
        build(SPECS["vit_base_patch16_224"], zoo.Task(num_classes=10, image_size=224, channels=3, weights="mea"))


@pytest.mark.slow
@pytest.mark.parametrize("head", ["linear", "mlp:16:0.2"])
def test_every_architecture_of_timm_gets_its_head_and_only_encoders_have_none(head):
    headless = []
    for name, spec in SPECS.items():
        task = zoo.Task(num_classes=10, image_size=spec.input_for(None).size, channels=3)
        try:
            build(spec, task, head=head, device="meta")
        except ZooError as error:
            headless.append((name, error.cause))
    assert [name for name, _ in headless] == [name for name in SPECS if name.endswith("_enc")], headless
