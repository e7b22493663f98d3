"""A trial as plain data: what it says of itself, to the byte, since its key is a hash of that."""

from __future__ import annotations

import json

import pytest

from harness.config import TimingConfig, TrainConfig, Trial
from zoo.weights import Weights

# As the first version wrote them: records are found again by their keys.
KEYS = {
    None: "659cf4d6291f91ed",
    "default": "fe0a65c74d23efa6",
    "IMAGENET1K_V1": "740d99e6133bb67d",
    "file:./a//b.pt#sha256=ABCDEF12": "b90d8ff9f94dca49",
    "file:~/x.bin": "8efee765f5eadcbd",
}


def trial(text):
    train = TrainConfig(weights=text and Weights.from_text(text))
    return Trial(model="net", dataset="digits", train=train, timing=TimingConfig(), device="cpu", seed=3)


@pytest.mark.parametrize(("text", "key"), KEYS.items())
def test_a_trial_has_one_key_for_ever_and_its_weights_are_one_text(text, key):
    asked = trial(text)
    assert asked.key == key
    assert asked.as_json()["train"]["weights"] == text


@pytest.mark.parametrize("text", KEYS)
def test_a_trial_is_the_same_after_its_way_through_json(text):
    asked = trial(text)
    assert Trial.from_json(json.loads(json.dumps(asked.as_json()))) == asked


def test_a_setting_that_this_version_does_not_know_is_refused():
    told = trial(None).as_json()
    with pytest.raises(TypeError, match="colour"):
        Trial.from_json(told | {"train": told["train"] | {"colour": "red"}})
