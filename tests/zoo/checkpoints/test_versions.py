"""Modules that read what an earlier version of theirs has saved."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from zoo.checkpoints.versions import load_versioned, take_form_of, versions_of
from zoo.errors import ZooError


class Renewed(nn.Module):
    """As torchvision's mnasnet: narrower in its first version, which it becomes when it meets one."""

    _version = 2

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
        version = local_metadata.get("version")
        if version not in (1, 2):
            raise ValueError(f"version should be set to 1 or 2 instead of {version}")
        if version == 1:
            self.layer, self._version = nn.Linear(3, 1), 1
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


def test_tensors_of_no_known_version_are_of_today_s():
    model, source = nn.Sequential(Renewed()), nn.Sequential(Renewed())
    load_versioned(model, dict(source.state_dict()), {})
    assert torch.equal(model[0].layer.weight, source[0].layer.weight)


def test_a_model_takes_an_earlier_form_without_any_tensor_and_keeps_its_version():
    model = nn.Sequential(Renewed())
    take_form_of(model, {"": 1, "0": 2, "elsewhere": 1})
    assert model[0].layer.out_features == 2
    take_form_of(model, {"0": 1})
    assert (model[0].layer.out_features, versions_of(model)["0"]) == (1, 1)
    assert versions_of(nn.Sequential(Renewed())) == {"": 1, "0": 2, "0.layer": 1}


def test_a_version_of_the_future_is_one_line_with_a_remedy():
    with pytest.raises(ZooError, match="Renewed does not know the weights' version: version should be") as caught:
        take_form_of(Renewed(), {"": 3})
    assert "install the version" in caught.value.remedy
