"""What tools put before and into names is taken off, and said."""

from __future__ import annotations

import pytest
import torch

from zoo.checkpoints.checkpoint import Checkpoint
from zoo.checkpoints.naming import under_own_names
from zoo.errors import ZooError

NAMES = ["0.weight", "0.bias", "block.0.weight"]
FSDP = "_fsdp_wrapped_module._checkpoint_wrapped_module."
OWN = {name: torch.full((2,), float(number)) for number, name in enumerate(NAMES)}


def prefixed(prefix):
    return {prefix + name: tensor for name, tensor in OWN.items()}


@pytest.mark.parametrize(
    ("tensors", "notes"),
    [
        (OWN, ()),
        (prefixed("module."), ("'module.' removed before every name",)),
        (prefixed("model."), ("'model.' removed before every name",)),
        (
            prefixed("module._orig_mod.net."),
            ("'_orig_mod.' removed within names", "'module.net.' removed before every name"),
        ),
        (
            {"0._orig_mod.weight": OWN["0.weight"], "0.bias": OWN["0.bias"], "block._orig_mod.0.weight": OWN[NAMES[2]]},
            ("'_orig_mod.' removed within names",),
        ),
        (
            {f"block.{FSDP}0.weight" if name == NAMES[2] else name: tensor for name, tensor in OWN.items()},
            ("'_checkpoint_wrapped_module., _fsdp_wrapped_module.' removed within names",),
        ),
        (
            {**prefixed("backbone."), "criterion.weight": torch.ones(3)},
            ("'backbone.' removed before every name", "left out: criterion.weight"),
        ),
        ({**prefixed("model."), **prefixed("net.")}, None),
    ],
)
def test_names_become_the_model_s_own(tensors, notes):
    checkpoint = under_own_names(Checkpoint(tensors=tensors), NAMES)
    assert checkpoint.tensors.keys() == OWN.keys()
    assert all(torch.equal(checkpoint.tensors[name], OWN[name]) for name in NAMES)
    assert notes in (None, checkpoint.notes)


def test_versions_follow_their_modules():
    versions = {"": 9, "module": 1, "module.0": 2, "module.block._orig_mod": 3, "module.block._orig_mod.0": 4}
    tensors = {"module.0.weight": 0, "module.0.bias": 0, "module.block._orig_mod.0.weight": 0}
    checkpoint = under_own_names(Checkpoint(tensors=tensors, versions=versions), NAMES)
    assert checkpoint.versions == {"": 1, "0": 2, "block": 3, "block.0": 4}


def test_a_model_and_its_average_in_one_file_are_not_guessed_between():
    averaged = {f"ema.{name}": tensor + 1 for name, tensor in OWN.items()}
    with pytest.raises(ZooError, match=r"it holds 2 models, under the names ema\., net\."):
        under_own_names(Checkpoint(tensors={**prefixed("net."), **averaged}), NAMES)


def test_where_no_name_is_the_model_s_own_what_wraps_all_is_removed_for_the_library_s_converter():
    tensors = {f"module.model.{name}": torch.ones(1) for name in ("stem", "head")}
    assert under_own_names(Checkpoint(tensors=tensors), NAMES).tensors.keys() == {"stem", "head"}


def test_a_part_of_the_model_s_names_is_no_reason_to_take_a_part_of_the_file():
    deeper = {**OWN, "block.1.0.weight": torch.ones(1)}
    assert under_own_names(Checkpoint(tensors=deeper), NAMES).tensors == deeper
