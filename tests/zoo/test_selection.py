"""What --plugins may say."""

from __future__ import annotations

import pytest

from zoo.errors import ZooError
from zoo.selection import select
from zoo.specs import ModelSpec

SPECS = [
    ModelSpec(name="fc_model", build="x:y", tags=frozenset({"starter"})),
    ModelSpec(name="resnet18", build="x:y", tags=frozenset({"starter"}), weights=("V1", "V2")),
    ModelSpec(name="resnet101", build="x:y"),
    ModelSpec(name="timm/convnext_tiny", build="x:y"),
    ModelSpec(name="timm/convnext_xxlarge", build="x:y"),
]
MODELS = {spec.name: (spec, "owner") for spec in SPECS}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("resnet18,fc_model", ["resnet18", "fc_model"]),
        ("resnet18,resnet*", ["resnet18", "resnet101"]),
        ("starter", ["fc_model", "resnet18"]),
        ("timm/convnext*,-*xxl*, resnet18", ["timm/convnext_tiny", "resnet18"]),
        ("all", list(MODELS)),
        ("resnet18.V2", ["resnet18.V2"]),
    ],
)
def test_an_expression_selects_models_in_order(expression, names):
    assert [choice.name for choice in select(MODELS, expression)] == names


def test_a_tag_in_a_name_selects_the_weights():
    (choice,) = select(MODELS, "resnet18.V2")
    assert (choice.spec.name, choice.weights) == ("resnet18", "V2")


@pytest.mark.parametrize(
    ("expression", "cause", "remedy"),
    [
        (
            "resnet81",
            "unknown plugin 'resnet81'. Did you mean resnet18 or resnet101?",
            "list them: harness list 'resnet*'",
        ),
        ("zzz", "unknown plugin 'zzz'. There are 5 plugins.", "list them: harness list 'zzz*'"),
        ("resnet18.V3", "resnet18 has no pretrained weights 'V3'", "it offers: V1, V2"),
        ("vgg*", "unknown plugin 'vgg*'. There are 5 plugins.", "list them: harness list 'vgg*'"),
        ("", "no plugin was named", "name some: --plugins resnet18,'timm/convnext*' or all"),
        ("-resnet18", "no plugin was named", "name some: --plugins resnet18,'timm/convnext*' or all"),
        ("resnet18,-*", "nothing is left of 'resnet18,-*'", "drop an exclusion"),
    ],
)
def test_what_selects_nothing_is_a_usage_error_with_a_remedy(expression, cause, remedy):
    with pytest.raises(ZooError) as caught:
        select(MODELS, expression)
    assert (caught.value.cause, caught.value.remedy, caught.value.exit_code) == (cause, remedy, 2)
