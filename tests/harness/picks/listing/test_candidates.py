"""What may be picked: within licence, size and memory, each other one with the figure that decided."""

from __future__ import annotations

import pytest

from harness.picks.listing.candidates import Limits, cut, matches, own_models
from tests.harness.picks.made import candidate
from zoo.errors import ZooError
from zoo.specs import ModelSpec


def zoo_of(candidates):
    return {one.model: (ModelSpec(name=one.model, build="x:y", weights=(one.tag,)), "lib") for one in candidates}


def reasons(candidates, **limits):
    _, dropped = cut(candidates, zoo_of(candidates), Limits(**limits))
    return {one.name: one.reason for one in dropped}


def test_each_limit_drops_what_is_over_it_and_says_by_how_much():
    large = candidate("large", param_count=90_000_000, macs=17 * 10**9, license="", num_bytes=360_000_000)
    given = [candidate("small"), large]
    assert reasons(given) == {}
    assert reasons(given, licenses=frozenset({"mit"})) == {"large.a": "licence unknown"}
    assert reasons(given, licenses=frozenset({"mit", "unknown"})) == {}
    assert reasons(given, max_params=10) == {"large.a": "90 M parameters > 10"}
    assert reasons(given, max_gmacs=5) == {"large.a": "17 GMACs > 5"}
    assert reasons(given, memory=200e6) == {"large.a": "needs about 420 MiB of memory, and there are 191"}
    assert reasons(given, models=("s*",)) == {"large.a": "not among --models"}


def test_weights_that_the_installed_library_lacks_are_not_tried():
    one, other = candidate("net", tag="old"), candidate("gone")
    models = {"net": (ModelSpec(name="net", build="x:y", weights=("new",)), "lib")}
    kept, dropped = cut([one, other], models, Limits())
    assert kept == []
    assert {drop.reason for drop in dropped} == {"the installed library does not offer these weights"}


def test_globs_take_names_with_and_without_tags_and_exclude():
    one = candidate("timm/resnet50", tag="a1_in1k")
    assert matches(one, ("timm/resnet*",))
    assert matches(one, ("timm/resnet50.a1*", "other"))
    assert not matches(one, ("timm/*", "-*.a1_in1k"))
    assert matches(one, ("-other",))


def test_a_name_that_matches_nothing_is_refused_with_a_guess():
    with pytest.raises(ZooError, match=r"unknown pretrained model 'smal'.*Did you mean small"):
        reasons([candidate("small")], models=("smal",))
    with pytest.raises(ZooError, match="nothing is left of"):
        reasons([candidate("small")], models=("small*", "-small*"))


def test_models_of_ones_own_are_always_in():
    models = {"mine/net": (ModelSpec(name="mine/net", build="x:y"), "my_file")}
    models |= {"mlp": (ModelSpec(name="mlp", build="x:y"), "mlp")}
    own = own_models(models, frozenset({"mlp"}))
    kept, dropped = cut([*own, candidate("big")], models, Limits(models=("big",), max_params=1))
    assert [(one.name, one.is_own) for one in kept] == [("mine/net", True)]
    assert [one.name for one in dropped] == ["big.a"]
