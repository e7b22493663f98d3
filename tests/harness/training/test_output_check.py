"""What a model puts out is looked at in training and in evaluation, not only before."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.training.evaluate import final_outputs, predict
from harness.training.output_check import CheckedForward
from tests.harness.tiny import batches, config, trainable
from zoo.errors import ZooError

IMAGES = torch.rand(4, 6, generator=torch.Generator().manual_seed(0))


def checked(change=lambda logits: logits, **fields):
    layer = nn.Linear(6, 3)
    return CheckedForward(forward=lambda images: change(layer(images)), num_classes=3, **fields)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda logits: torch.cat([logits, logits], 1), r"a tensor \[4, 6\] of float32, wanted \[4, 3\]"),
        (lambda logits: logits[:, :, None, None], r"a tensor \[4, 3, 1, 1\]"),
        (lambda logits: logits[0], r"a tensor \[3\]"),
        (lambda logits: {"logits": logits}, "a dict"),
        (lambda logits: (logits, logits), "a tuple"),
        (lambda logits: None, "None"),
    ],
)
def test_an_output_of_another_shape_is_refused_in_its_mode(change, message):
    with pytest.raises(ZooError, match=f"in training the model returned {message}"):
        checked(change)(IMAGES)
    with torch.inference_mode(), pytest.raises(ZooError, match=f"in evaluation the model returned {message}"):
        checked(change)(IMAGES)


def test_a_tuple_is_right_where_the_model_has_auxiliary_heads():
    logits, aux = checked(lambda logits: (logits, logits), has_aux=True)(IMAGES)
    assert torch.equal(logits, aux)
    with pytest.raises(ZooError, match=r"\[2, 3\]"):
        checked(lambda logits: (logits[:2], logits), has_aux=True)(IMAGES)


def test_an_output_without_a_gradient_is_refused_in_training_only():
    with pytest.raises(ZooError, match="nothing in the model is trainable"):
        checked(torch.detach)(IMAGES)
    with torch.inference_mode():
        assert checked(torch.detach)(IMAGES).shape == (4, 3)


def test_a_softmax_that_begins_later_is_found_at_the_next_power_of_two():
    forward = checked(lambda logits: logits.softmax(1) if forward.num_calls >= 2 else logits)
    for _ in range(3):
        forward(IMAGES)
    with pytest.raises(ZooError, match="probabilities"):
        forward(IMAGES)


def test_log_probabilities_pass():
    forward = checked(lambda logits: logits.log_softmax(1))
    assert [forward(IMAGES).shape for _ in range(4)] == [(4, 3)] * 4


class Net(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.layer, self.change = nn.Linear(64, 3), change

    def forward(self, images):
        return self.change(self.layer(images.flatten(1)))


def test_a_split_of_probabilities_is_not_predicted():
    with pytest.raises(ZooError, match="probabilities"):
        predict(trainable(Net(lambda logits: logits.softmax(1))), batches(), config())


def test_a_model_that_cannot_answer_for_every_test_image_gets_no_score():
    def spoil(logits):
        return torch.where(torch.arange(len(logits))[:, None] == 7, torch.nan, logits)

    with pytest.raises(ZooError, match="not finite for 1 of 60 test images"):
        final_outputs(trainable(Net(spoil)), batches(), config())
    logits, _ = final_outputs(trainable(Net(torch.clone)), batches(), config())
    assert logits.shape == (60, 3)
