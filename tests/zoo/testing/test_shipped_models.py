"""What ships goes through the kit; all of it by `harness check --all --slow`, in hours."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain, zip_longest

import pytest

from harness.checks.checked import checked
from zoo.catalogue.snapshot import entries
from zoo.discovery import discover
from zoo.testing import model_checks

TORCHVISION = "resnet18 mobilenet_v3_small squeezenet1_1 shufflenet_v2_x0_5 mnasnet0_5 googlenet regnet_y_400mf swin_t"
TIMM = (
    "convnext_atto resnet18 vit_tiny_patch16_224 mobilenetv3_small_050 levit_128s ghostnet_050 mixer_s32_224 pit_ti_224"
)
TEN_EACH = [*TORCHVISION.split(), "efficientnet_b0", "densenet121"]
TEN_EACH += [f"timm/{name}" for name in [*TIMM.split(), "regnetx_002", "deit_tiny_distilled_patch16_224"]]
MOST_PARAMS = 150e6
UNKNOWN = 100e6  # parameters of a model without published weights


@model_checks("fc_model", "mlp-small[hidden_layers=16]")
def test_our_own_models_pass(check):
    check()


def results_of(name):
    zoo = discover()
    (one,) = checked(zoo, zoo.select(name), (), slow=True, num_threads=1)
    return [f"{result.check}: {result.cause}" for result in one.results if result.status == "failed"] or one.problem


@pytest.mark.slow
@pytest.mark.parametrize("name", TEN_EACH)
def test_ten_models_of_each_library_pass(name):
    assert results_of(name) == ""


def sample(count):
    """Names of timm, of every family in turn, the smaller models first: the catalogue has the size of most."""
    sizes = {entry.model: entry.param_count for entry in entries()}
    families = defaultdict(list)
    for name, (spec, _) in discover().models.items():
        if name.startswith("timm/"):
            families[spec.family].append((sizes.get(name, UNKNOWN), name))
    in_turn = chain.from_iterable(zip_longest(*(sorted(models) for _, models in sorted(families.items()))))
    # One of a family that has no small ones may have billions of parameters.
    known = [model for model in in_turn if model and model[0] <= MOST_PARAMS]
    return [name for _, name in known][:count]


@pytest.mark.slow
@pytest.mark.parametrize("name", sample(120))
def test_a_stratified_sample_of_timm_passes(name):
    assert results_of(name) == ""
