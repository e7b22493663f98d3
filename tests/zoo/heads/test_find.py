"""Where a classifier is found, by which name, and how wide it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.zoo.heads.networks import Convolutional, Distilled, Handmade, Headless, Plain
from zoo.errors import ZooError
from zoo.heads import attach
from zoo.heads.find import _reached

SHAPE = (3, 8, 8)


def test_behind_a_normalisation_of_the_classes_the_classifier_is_found():
    assert attach(Headless(4), 4, input_shape=SHAPE, scratch=True).name == "verdict"


class Library(Convolutional):
    """As timm's models do, it says which module its classifier is."""

    def __init__(self, classifier):
        super().__init__()
        self.classifier = classifier

    def get_classifier(self):
        return self.classifier(self)


@pytest.mark.parametrize(
    ("classifier", "name"),
    [
        (lambda model: model.verdict, "verdict"),
        (lambda model: model.verdict[0], "verdict.0"),
        (lambda model: (model.body, model.verdict), "verdict"),
        (lambda model: [nn.Linear(1, 1), model.verdict], "verdict"),
        (lambda model: model.body, "verdict.0"),
        (lambda model: model, "verdict.0"),
        (lambda model: None, "verdict.0"),
        (lambda model: (), "verdict.0"),
    ],
)
def test_a_classifier_has_the_name_that_its_library_gives_it_where_that_holds_the_layer(classifier, name):
    attached = attach(Library(classifier), 4, input_shape=SHAPE)
    assert (attached.name, attached.names) == (name, ("verdict.0",))


def test_a_name_that_only_begins_alike_is_another_module():
    model = Library(lambda model: model.verd)
    model.verd = nn.Linear(8, 7)
    assert attach(model, 4, input_shape=SHAPE).name == "verdict.0"


def test_a_get_classifier_that_cannot_be_called_is_passed_over():
    model = Plain()
    model.get_classifier = "verdict"
    assert attach(model, 4, input_shape=SHAPE).name == "verdict"


def test_the_width_of_a_classifier_that_is_given_no_tensor_by_place_is_0():
    class Named(Handmade):
        def forward(self, images):
            return self.verdict(features=self.body(images))

    assert attach(Named(4), 4, input_shape=SHAPE, hint="verdict", scratch=True).in_features == 0


def test_a_wrong_hint_is_told_all_that_it_might_have_been():
    with pytest.raises(ZooError, match=r"does not exist: the output of Distilled comes from verdict, second$"):
        attach(Distilled(), 4, input_shape=SHAPE, hint="top")


def test_no_node_of_the_graph_is_visited_twice():
    class Counting(dict):
        num_asked = 0

        def __contains__(self, node):
            self.num_asked += 1
            return super().__contains__(node)

    owner, output = Counting(), torch.ones(1, requires_grad=True)
    for _ in range(12):
        output = output + output
    assert _reached(output.grad_fn, owner, through=True) == set()
    assert owner.num_asked == 13
