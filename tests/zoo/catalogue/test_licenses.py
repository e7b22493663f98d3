"""A model is chosen for the licence of the weights that it starts from."""

from __future__ import annotations

import pytest

from zoo.catalogue.licenses import license_of, licenses_of, only_permitted, parse_licenses, permitted
from zoo.errors import ZooError
from zoo.selection import Choice
from zoo.specs import ModelSpec
from zoo.weights import Weights

# Names as in the catalogue: one tag under apache-2.0, one under cc-by-nc-4.0.
CONVNEXT = ModelSpec(name="timm/convnextv2_nano", build="x:y", weights=("mine_2b", "fcmae"))
RESNET = ModelSpec(name="timm/resnet50", build="x:y", weights=("a1_in1k", "fb_swsl_ig1b_ft_in1k"))
OWN = ModelSpec(name="mine/net", build="x:y")


def choice(spec, weights=None):
    return Choice(spec=spec, owner="me", weights=weights)


@pytest.mark.parametrize(
    ("name", "tag", "license"),
    [
        ("timm/resnet50", "a1_in1k", "apache-2.0"),
        ("timm/resnet50", "fb_swsl_ig1b_ft_in1k", "cc-by-nc-4.0"),
        ("vit_b_16", "IMAGENET1K_SWAG_E2E_V1", "cc-by-nc-4.0"),
        ("resnet50", "IMAGENET1K_V2", "unknown"),
        ("timm/resnet50", "of_tomorrow", "unknown"),
    ],
)
def test_a_licence_is_what_the_library_states(name, tag, license):
    assert license_of(name, tag) == license


@pytest.mark.parametrize(
    ("one", "weights", "licenses"),
    [
        (choice(RESNET, "a1_in1k"), None, {"apache-2.0"}),
        (choice(RESNET, "a1_in1k"), Weights(tag="fb_swsl_ig1b_ft_in1k"), {"apache-2.0"}),
        (choice(RESNET), Weights(tag="default"), {"apache-2.0"}),
        (choice(RESNET), Weights(tag="fb_swsl_ig1b_ft_in1k"), {"cc-by-nc-4.0"}),
        (choice(RESNET), Weights(path="/my.pth"), {"unknown"}),
        (choice(RESNET), None, {"apache-2.0", "cc-by-nc-4.0"}),
        (choice(CONVNEXT), None, {"unknown", "cc-by-nc-4.0"}),
        (choice(OWN), None, {"unknown"}),
        (choice(OWN), Weights(tag="default"), {"unknown"}),
    ],
)
def test_the_weights_that_a_model_starts_from_decide(one, weights, licenses):
    assert licenses_of(one, weights) == licenses


def test_what_has_another_licence_or_an_unknown_one_is_left_out():
    choices = [choice(RESNET), choice(OWN), choice(CONVNEXT)]
    assert permitted(choices, {"apache-2.0"}) == ([choices[0]], choices[1:])
    assert permitted(choices, {"apache-2.0", "unknown"}) == (choices, [])
    assert permitted(choices, {"apache-2.0", "unknown"}, Weights(tag="fcmae"))[0] == [*choices[:2]]


def test_where_nothing_is_left_it_is_said_what_there_is():
    with pytest.raises(ZooError, match="none of 2 models has weights under mit") as caught:
        permitted([choice(RESNET), choice(OWN)], {"mit"})
    assert "apache-2.0, cc-by-nc-4.0, unknown" in caught.value.remedy


def test_a_list_of_models_keeps_only_the_permitted_weights():
    assert only_permitted(RESNET, {"cc-by-nc-4.0"}).weights == ("fb_swsl_ig1b_ft_in1k",)
    assert only_permitted(RESNET, {"mit"}) is None
    assert (only_permitted(OWN, {"mit"}), only_permitted(OWN, {"unknown"})) == (None, OWN)


def test_licences_are_typed_with_commas_and_a_mistyped_one_is_named():
    assert parse_licenses("Apache-2.0, mit,unknown") == {"apache-2.0", "mit", "unknown"}
    with pytest.raises(ZooError, match=r"no weights have the licence 'apache'\. Did you mean apache-2\.0"):
        parse_licenses("mit,apache")
    with pytest.raises(ZooError, match="no licence was named"):
        parse_licenses(" ,")
