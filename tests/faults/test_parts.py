"""Parts of a batch obey the rules of a batch (135), and a trial in smaller parts says why it is one (136)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from harness.plan.config import TimingConfig, Trial
from harness.runs.runner import in_smaller_parts, retried
from harness.training.loop import fit
from harness.trial.outcome import Findings, lost
from tests.harness.tiny import batches, config, trainable


def normalised():
    """A model that cannot train on one image: batch normalisation has one value of each feature."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))


def trial(batch_size, grad_accum=1):
    train = config(batch_size=batch_size, grad_accum=grad_accum)
    return Trial(model="m", dataset="d", train=train, timing=TimingConfig(), device="cpu", seed=1)


@pytest.mark.fault(130)
@pytest.mark.parametrize(("num_images", "parts"), [(21, 4), (24, 7), (19, 2), (18, 16)])
def test_130_no_part_of_a_batch_is_a_single_image(num_images, parts):
    data = batches(num_images=num_images)
    history = fit(trainable(normalised()), data, data, config(epochs=1, grad_accum=parts), seed=1)
    assert not history.diverged


@pytest.mark.fault(130)
def test_130_parts_of_a_short_batch_weigh_what_their_images_do():
    whole, parts = (nn.Sequential(nn.Flatten(), nn.Linear(64, 3)) for _ in range(2))
    parts.load_state_dict(whole.state_dict())
    for model, accum in ((whole, 1), (parts, 4)):
        data = batches(num_images=21)
        fit(trainable(model), data, data, config(epochs=1, opt="sgd", lr=0.1, grad_accum=accum), seed=1)
    assert torch.allclose(whole[1].weight, parts[1].weight, atol=1e-6)


@pytest.mark.fault(131)
@pytest.mark.parametrize(("batch_size", "accum", "halved"), [(32, 1, 2), (4, 1, 2), (5, 2, None), (3, 1, None)])
def test_131_parts_are_halved_as_long_as_that_makes_them_smaller(batch_size, accum, halved):
    before = trial(batch_size, accum)
    after = None if halved is None else replace(before, train=replace(before.train, grad_accum=halved))
    assert in_smaller_parts(before) == after


@pytest.mark.fault(131)
@pytest.mark.parametrize("status", ["failed", "timeout"])
def test_131_what_ends_the_second_attempt_does_not_hide_that_memory_ran_out(status):
    again = retried(lost(status=status, phase="train", cause="ValueError: no"), 32, 16)
    assert (again.status, again.facts["retried_after"]) == (status, "oom")
    assert again.error.cause == "out of memory with 32 images at a time; then, with 16: ValueError: no"


@pytest.mark.fault(131)
def test_131_a_second_attempt_that_ends_well_keeps_its_own_notes_and_says_what_it_is():
    again = retried(Findings(status="ok", facts={"notes": "mine"}), 32, 16)
    assert again.facts["notes"] == "out of memory with 32 images at a time, trained with 16; mine"
