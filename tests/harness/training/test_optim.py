"""Steps of the optimiser, against `optimizer.step()`."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from harness.training.optim import make_optimizer, stepper
from tests.harness.tiny import config

NO_SCALER = torch.amp.GradScaler("cpu", enabled=False)


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 40), nn.ReLU(), nn.Linear(40, 3))


def gradients(model, step):
    """The same each time; the last bias has none before step 3, nor at step 5."""
    random = torch.Generator().manual_seed(step)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=random)
    if step < 3 or step == 5:
        model[2].bias.grad = None


def trained(num_steps, config, take_step_of):
    model = network()
    optimizer = make_optimizer(model.parameters(), config)
    take_step = take_step_of(optimizer)
    for step in range(num_steps):
        gradients(model, step)
        take_step()
    return model, optimizer


@pytest.mark.parametrize(("opt", "exact"), [("adam", False), ("adamw", False), ("adamw", True)])
def test_a_step_is_the_optimisers_own_bit_for_bit(opt, exact):
    used = config(opt=opt, lr=0.01, weight_decay=0.1, exact=exact)
    ours, our_optimizer = trained(8, used, lambda optimizer: stepper(optimizer, NO_SCALER))
    theirs, their_optimizer = trained(8, used, lambda optimizer: optimizer.step)
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    torch.testing.assert_close(our_optimizer.state_dict(), their_optimizer.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("opt", ["adam", "adamw"])
def test_a_state_that_was_loaded_is_the_one_that_goes_on(opt):
    ours, optimizer = trained(6, config(opt=opt, lr=0.01), lambda optimizer: stepper(optimizer, NO_SCALER))
    take_step, saved = stepper(optimizer, NO_SCALER), deepcopy((ours.state_dict(), optimizer.state_dict()))
    results = []
    for _ in range(2):
        gradients(ours, 6)
        take_step()
        results.append(deepcopy(ours.state_dict()))
        ours.load_state_dict(saved[0])
        optimizer.load_state_dict(saved[1])
    torch.testing.assert_close(*results, rtol=0, atol=0)


def test_only_the_first_step_goes_the_long_way(monkeypatch):
    model = network()
    optimizer = make_optimizer(model.parameters(), config())
    calls, step = [], optimizer.step
    monkeypatch.setattr(optimizer, "step", lambda: calls.append(step()))
    take_step = stepper(optimizer, NO_SCALER)
    for seed in (6, 7, 8):
        gradients(model, seed)
        take_step()
    assert len(calls) == 1


def test_a_scaler_that_is_enabled_takes_the_step():
    """It must: what it scaled has to be scaled back, and left out where it overflowed."""
    model = network()
    optimizer = make_optimizer(model.parameters(), config(lr=0.01))
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    take_step, before = stepper(optimizer, scaler), deepcopy(model.state_dict())
    scaler.scale(model(torch.full((2, 8), torch.inf)).sum()).backward()
    take_step()
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    assert scaler.get_scale() == 2.0


def test_without_any_gradient_a_step_changes_nothing():
    model = network()
    take_step, before = stepper(make_optimizer(model.parameters(), config()), NO_SCALER), deepcopy(model.state_dict())
    take_step()
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
