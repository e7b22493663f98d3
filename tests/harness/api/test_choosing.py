"""Wherever models are chosen, `--license` leaves those that may be used, and says what it leaves out."""

from __future__ import annotations

import pytest

import harness
from harness.api.choosing import choose
from harness.cli.main import main
from zoo.discovery import discover
from zoo.errors import ZooError
from zoo.weights import Weights


@pytest.fixture(scope="module")
def zoo():
    return discover()


def chosen(zoo, models, license, weights=None):
    said = []
    choices = choose(zoo, models, license=license, weights=weights, say=said.append)
    return [choice.name for choice in choices], said


def test_what_a_licence_leaves_out_is_named_with_its_own(zoo):
    names, said = chosen(zoo, "mlp*,resnet18,timm/resnet50,timm/resnet50.fb_swsl_ig1b_ft_in1k", "apache-2.0")
    assert names == ["timm/resnet50"]
    assert said == [
        "note: --license apache-2.0 leaves out 6 models: "
        "mlp (unknown), mlp-small (unknown), mlp-wide (unknown) and 3 more"
    ]


def test_the_weights_that_all_models_start_from_are_asked(zoo):
    names, said = chosen(zoo, "vit_b_16,vit_l_16", "cc-by-nc-4.0", Weights(tag="IMAGENET1K_SWAG_E2E_V1"))
    assert (names, said) == (["vit_b_16", "vit_l_16"], [])
    with pytest.raises(ZooError, match="none of 2 models has weights under cc-by-nc"):
        chosen(zoo, "vit_b_16,vit_l_16", "cc-by-nc-4.0", Weights(tag="default"))


def test_without_licences_nothing_is_left_out(zoo):
    assert chosen(zoo, "mlp,resnet18", None) == (["mlp", "resnet18"], [])


@pytest.mark.parametrize("command", [["run", "--plugins", "mlp"], ["time", "mlp"], ["check", "mlp"]])
def test_every_command_that_chooses_models_asks_for_their_licence(capsys, command):
    assert main([*command, "--license", "mit"]) == 2
    assert capsys.readouterr().err == (
        "error: mlp does not have weights under mit\n  these have: unknown (--license, several with commas)\n"
    )


def test_python_asks_too(tmp_path):
    wanted = {"license": ["mit", "bsd-3-clause"]}
    with pytest.raises(ZooError, match="mlp does not have weights under bsd-3-clause, mit"):
        harness.run("mlp", output=tmp_path, **wanted)
    with pytest.raises(ZooError, match="mlp does not have"):
        harness.time("mlp", **wanted)
    assert "timm/swin_tiny_patch4_window7_224" in harness.models("timm/*", **wanted)
    assert "timm/resnet18d" not in harness.models("timm/*", **wanted)
