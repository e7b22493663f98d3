"""Facts of one model, and its multiply-adds with a known answer."""

from __future__ import annotations

import pytest
from torch import nn

from tests.zoo.heads.networks import Plain
from zoo.describe import count_macs, describe
from zoo.specs import InputSpec, ModelSpec


def test_multiply_adds_have_their_known_number_and_leave_the_mode():
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Dropout(), nn.Flatten(), nn.Linear(8 * 16, 10)).train()
    assert count_macs(model, (3, 4, 4)) == 8 * 16 * 27 + 8 * 16 * 10
    assert model[1].training


def test_what_is_told_of_a_model_is_of_the_images_that_it_wants():
    spec = ModelSpec(name="net", build=lambda task: Plain(task.num_classes), input=InputSpec(size=8), weights=("a",))
    facts = describe(spec, "mine", num_classes=4, weights="default")
    assert (facts["img_size"], facts["channels"], facts["weights"], facts["head_layers"]) == (8, 3, "a", ["verdict"])
    assert facts["macs"] == count_macs(Plain(4), (3, 8, 8))


def test_multiply_adds_that_cannot_be_counted_are_unknown_and_the_rest_is_told():
    class OnlyTwice(Plain):
        def forward(self, x):
            assert len(x) == 2  # the proof runs two images, the counter one
            return super().forward(x)

    facts = describe(ModelSpec(name="net", build=lambda task: OnlyTwice(4)), "mine", num_classes=4, img_size=8)
    assert (facts["macs"], facts["num_classes"]) == (None, 4)


@pytest.mark.parametrize(
    ("wanted", "weights", "size", "channels"),
    [
        (InputSpec(), None, "that of the data, at most 64 px", "those of the data, 1 or 3"),
        (InputSpec(size=224, channels=3), None, "that of the data, at least 32 and at most 224 px", "3"),
        (InputSpec(size=224, min_size=63), None, "that of the data, at least 63 and at most 224 px", None),
        (InputSpec(size=224), "default", "224 px", None),
        (InputSpec(size=96, fixed=True), None, "96 px", None),
    ],
)
def test_what_a_build_receives_in_a_run_is_said_as_the_rule_has_it(wanted, weights, size, channels):
    spec = ModelSpec(name="net", build=lambda task: Plain(task.num_classes), input=wanted, weights=("a",))
    facts = describe(spec, "mine", num_classes=4, weights=weights)
    assert facts["built_for_size"] == size
    assert channels in (None, facts["built_for_channels"])
