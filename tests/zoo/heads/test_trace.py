"""What one forward pass shows of a model."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.zoo.heads.networks import Plain
from zoo.errors import ZooError
from zoo.heads import attach
from zoo.heads.modes import probe_images
from zoo.heads.trace import Trace, run

SHAPE = (3, 8, 8)


def test_the_width_that_enters_a_module_is_the_last_side_of_what_it_is_given():
    trace = Trace()
    for name, shape in (("line", (5,)), ("rows", (2, 8)), ("tokens", (2, 3, 9))):
        trace.record(name, nn.Identity(), (torch.zeros(shape),), None)
    assert trace.input_widths == {"rows": 8, "tokens": 9}


def test_the_model_is_shown_the_probe_images():
    class Noting(Plain):
        def forward(self, images):
            self.seen = images.detach().clone()
            return super().forward(images)

    model = Noting()
    run(model, SHAPE)
    assert torch.equal(model.seen, probe_images(model, SHAPE))
    assert (model.seen.min() >= 0, model.seen.max() < 1) == (True, True)


def test_a_module_with_two_names_may_be_hinted_by_either():
    model = Plain()
    model.alias = model.verdict
    assert attach(model, 4, input_shape=SHAPE, hint="alias").names == ("alias",)


def test_modules_that_return_tuples_or_call_themselves_are_traced():
    class Twice(nn.Module):
        def forward(self, features, again=True):
            return self(features, again=False) if again else (features, features)

    class Odd(Plain):
        def __init__(self):
            super().__init__()
            self.twice = Twice()

        def forward(self, images):
            return self.verdict(self.twice(self.body(images))[0])

    assert attach(Odd(), 4, input_shape=SHAPE).names == ("verdict",)


def test_a_layer_that_ran_to_its_end_is_not_blamed():
    class Loose(nn.Identity):
        in_features = 99

    class Raising(Plain):
        def __init__(self):
            super().__init__(end=Loose())

        def forward(self, images):
            super().forward(images)
            raise LookupError("nothing here")

    with pytest.raises(ZooError, match="Raising cannot run on 3×8×8 images: LookupError: nothing here"):
        attach(Raising(), 4, input_shape=SHAPE)


def test_the_features_of_a_token_are_its_last_side():
    class Tokens(Plain):
        def forward(self, images):
            return self.verdict(images.flatten(2)[..., :6]).mean(1)

    with pytest.raises(ZooError, match="its layer verdict takes 8 features and gets 6"):
        attach(Tokens(), 4, input_shape=SHAPE)
