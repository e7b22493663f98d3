"""What a plugin's author reads where a head cannot be found, replaced or trained: the whole line, and its remedy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.zoo.heads.networks import Handmade, Headless, Plain, Unused
from zoo.errors import ZooError
from zoo.heads.attach import attach
from zoo.heads.proof import (
    require_gradients,
    require_logits,
    require_no_probabilities,
    require_scores,
    require_trainable,
    require_width,
    shape_of,
)

SHAPE = (3, 8, 8)


class Deep(Headless):
    """Four layers with weights, of which the last three are named."""

    def __init__(self, num_classes: int = 7):
        super().__init__(num_classes)
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1), self.body[3], nn.Flatten()
        )


class Bare(nn.Module):
    """Learns, and has no layer."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, images):
        return images.mean(dim=(1, 2, 3))[:, None] * self.scale


class Wide(Plain):
    """Its classifier takes another width than it is given."""

    def __init__(self):
        super().__init__(4)
        self.verdict = nn.Linear(16, 4)


def refused(model, **options):
    with pytest.raises(ZooError) as caught:
        attach(model, 4, input_shape=options.pop("shape", SHAPE), **options)
    return caught.value.cause, caught.value.remedy


def raised(function, *arguments):
    with pytest.raises(ZooError) as caught:
        function(*arguments)
    return caught.value.cause, caught.value.remedy


def test_a_model_without_a_classifier_is_told_its_last_three_layers():
    start = "has no classifier (head): no linear layer ends in its output of shape [2, "
    remedy = "name it with ModelSpec(head=...)"
    assert refused(Deep()) == (f"Deep {start}7]; its last layers are body.1, body.2, verdict", remedy)
    assert refused(Bare()) == (f"Bare {start}4]; its last layers are none", remedy)


def test_a_hint_is_told_what_it_might_have_been():
    remedy = "name one of these in ModelSpec(head=...)"
    comes = "the output of Unused comes from verdict"
    assert refused(Unused(), hint="fc") == (f"head 'fc' does not reach the output: {comes}", remedy)
    assert refused(Unused(), hint="top") == (f"head 'top' does not exist: {comes}", remedy)
    no_layer = "head 'top' does not exist: the output of Handmade comes from no linear layer"
    assert refused(Handmade(4), hint="top", scratch=True) == (no_layer, remedy)


def test_a_model_that_cannot_run_says_why_and_on_which_images():
    remedy = "try the size the model was designed for, or another --img-size"
    width = "Wide cannot run on 3×8×8 images: its layer verdict takes 16 features and gets 8"
    assert refused(Wide(), scratch=True) == (width, remedy)
    cause, told = refused(Plain(), shape=(3, 2, 2))
    assert cause.startswith("Plain cannot run on 3×2×2 images: RuntimeError: Calculated padded input size per channel")
    assert ("\n" in cause, told) == (False, remedy)


def test_an_error_outside_of_all_layers_is_told_as_it_is():
    class Raising(Plain):
        def forward(self, images):
            raise LookupError("nothing here")

    assert refused(Raising())[0] == "Raising cannot run on 3×8×8 images: LookupError: nothing here"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ([1], "a list"),
        (Ellipsis, "a ellipsis"),
        (ArithmeticError(), "an ArithmeticError"),
        (type("Xs", (), {})(), "a Xs"),
        (torch.zeros(2, 3), "a tensor [2, 3] of float32"),
        (np.zeros((4,), dtype="uint8"), "a tensor [4] of uint8"),
        (np.dtype("uint8"), "an UInt8DType"),
    ],
)
def test_what_came_is_named_in_a_few_words(value, text):
    assert shape_of(value) == text


def test_outputs_that_are_no_scores_are_refused_with_what_is_right():
    one = "return one tensor [batch, num_classes] in eval mode"
    floating = "return one floating-point tensor [batch, num_classes]"
    assert raised(require_scores, (1, 2)) == ("the model returned a tuple", one)
    assert raised(require_scores, torch.ones(3, 4)) == (
        "the model returned a tensor [3, 4] of float32 for a batch of 2",
        floating,
    )
    assert raised(require_scores, torch.ones(2, 4)) == (
        "no gradient flows from the output",
        "remove no_grad, detach or argmax from forward",
    )
    wanted = (
        "the model returned a tensor [2, 4] of float32, wanted [2, 5]",
        "build the model for task.num_classes classes",
    )
    assert raised(require_width, torch.ones(2, 4), 5) == wanted
    assert raised(require_no_probabilities, torch.full((2, 2), 0.5)) == (
        "the model returns probabilities, on which cross-entropy is wrong",
        "remove the softmax, or use log_softmax: logits and log-probabilities are both right",
    )


def test_a_model_that_cannot_learn_is_told_what_would():
    assert raised(require_trainable, nn.Flatten()) == (
        "nothing in the model is trainable: Flatten has no parameters",
        "give it a layer that learns, such as nn.Linear",
    )
    assert raised(require_trainable, nn.Linear(2, 2).requires_grad_(False)) == (
        "nothing in the model is trainable: all 2 parameters are frozen",
        "leave requires_grad on; --finetune head freezes all but the head by itself",
    )
    partly = nn.ModuleDict({"fc": nn.Linear(2, 2)})
    partly["fc"].bias.requires_grad_(False)
    frozen = ("the classifier's fc.bias is frozen", "leave requires_grad on for the head")
    assert raised(require_gradients, torch.ones(2, 2), partly, ("fc",)) == frozen


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_an_output_that_is_not_finite_is_told_where_to_look(bad):
    wrong = ("the model's output is not finite", "look for a division by zero or an overflow in forward")
    assert raised(require_logits, torch.tensor([[1.0, 2.0], [3.0, bad]])) == wrong


def test_parameters_of_a_head_that_take_no_part_are_counted_and_three_are_named():
    head = nn.ModuleDict({"used": nn.Linear(2, 2), "one": nn.Linear(2, 2), "two": nn.Linear(2, 2)})
    told = raised(require_gradients, head["used"](torch.ones(2, 2)), head, ("used", "one", "two"))
    cause = "4 parameters of the head get no gradient: one.weight, one.bias, two.weight"
    assert told == (cause, "the forward pass has to go through the head")
