"""The shared loop, against a loop written out by hand."""

from __future__ import annotations

import math
from itertools import count

import pytest
import torch
from torch import nn

from harness.training.evaluate import evaluate, predict
from harness.training.history import epoch_seed
from harness.training.loop import fit
from harness.training.loss import cross_entropy
from harness.training.model import freeze_all_but
from tests.harness.tiny import batches, config, convnet, trainable


def plain_losses(model, data, epoch, seed, make_optimizer):
    """One epoch of the loop that everyone writes, with nothing left out and nothing made faster."""
    optimizer = make_optimizer(model.parameters())
    torch.manual_seed(epoch_seed(seed, epoch))
    model.train()
    losses, sizes = [], []
    for images, labels in data.train(epoch):
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        sizes.append(len(labels))
    return sum(loss * size for loss, size in zip(losses, sizes, strict=True)) / sum(sizes)


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.01),
}


@pytest.mark.parametrize("opt", OPTIMIZERS)
def test_exact_gives_the_plain_loops_losses_and_weights_bit_for_bit(opt):
    ours, theirs, data = convnet(), convnet(), batches()
    result = fit(trainable(ours), data, data, config(opt=opt, lr=0.01, epochs=1, exact=True), seed=1)
    expected = plain_losses(theirs, data, 0, 1, OPTIMIZERS[opt])
    assert result.rows[0]["train_loss"] == expected
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_the_default_optimiser_follows_the_plain_one_to_1e_5():
    ours, theirs, data = convnet(), convnet(), batches()
    result = fit(trainable(ours), data, data, config(lr=0.01, epochs=1), seed=1)
    assert result.rows[0]["train_loss"] == pytest.approx(plain_losses(theirs, data, 0, 1, OPTIMIZERS["adamw"]), 1e-5)


def test_one_seed_gives_one_result_bit_for_bit():
    runs = [fit(trainable(convnet()), batches(), batches(), config(), seed=5) for _ in range(2)]
    assert runs[0].rows[-1]["eval_loss"] == runs[1].rows[-1]["eval_loss"]
    other = fit(trainable(convnet()), batches(), batches(), config(), seed=6)
    assert other.rows[-1]["eval_loss"] != runs[0].rows[-1]["eval_loss"]


@pytest.mark.parametrize("accum", [2, 4])
def test_gradient_accumulation_takes_the_same_steps_as_whole_batches(accum):
    whole, parts = (nn.Sequential(nn.Flatten(), nn.Linear(64, 3)) for _ in range(2))
    parts.load_state_dict(whole.state_dict())
    results = [
        fit(trainable(model), batches(), batches(), config(opt="sgd", lr=0.1, grad_accum=num), seed=1)
        for model, num in ((whole, 1), (parts, accum))
    ]
    assert torch.allclose(whole[1].weight, parts[1].weight, atol=1e-5)
    losses = [[row["train_loss"] for row in result.rows] for result in results]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_the_best_epoch_is_restored_and_training_stops_after_patience():
    model, data = convnet(), batches()
    result = fit(trainable(model), data, data, config(epochs=30, lr=0.5, opt="sgd", patience=2), seed=1)
    losses = [row["eval_loss"] for row in result.rows]
    assert losses.index(min(losses)) == result.best_epoch
    assert len(losses) == min(30, result.best_epoch + 3)
    assert evaluate(trainable(model), data, config()).loss == pytest.approx(min(losses), abs=1e-6)


def test_a_loss_that_is_not_finite_ends_training_in_its_epoch():
    model = convnet()
    result = fit(trainable(model), batches(), batches(), config(opt="sgd", lr=1e30), seed=1)
    assert result.diverged
    assert len(result.rows) == 1
    assert not math.isfinite(result.rows[0]["train_loss"])
    assert result.rows[0]["bad_step"] == 2


def test_outputs_that_are_not_finite_in_evaluation_end_training_with_the_last_good_weights():
    class Spoiled(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.passes = convnet(), 0

        def forward(self, images):
            self.passes += not self.training
            return self.net(images) * (float("nan") if self.passes > 2 and not self.training else 1)

    model = Spoiled()
    result = fit(trainable(model), batches(), batches(), config(), seed=1)
    assert (result.diverged, len(result.rows), result.best_epoch) == (True, 3, 1)
    assert "bad_step" not in result.rows[-1]


def test_the_cosine_schedule_goes_from_the_full_rate_towards_zero():
    result = fit(trainable(convnet()), batches(), batches(), config(sched="cosine", lr=0.4, epochs=4), seed=1)
    assert [row["lr"] for row in result.rows] == pytest.approx([0.4, 0.341421, 0.2, 0.058579], abs=1e-5)


class Noting:
    """Stands in for checkpoints: notes when it is called, and lets a training begin `num_done` steps into an epoch."""

    def __init__(self, num_done=0, seconds=0.0):
        self.num_done, self.seconds, self.calls = num_done, seconds, []

    def restore(self, state):
        self.calls.append(("restore", state.step, state.epoch))
        for _ in range(self.num_done):
            state.losses.add(torch.tensor(1.0), 16)
        state.step, state.seconds = self.num_done, self.seconds

    def after_step(self, state):
        self.calls.append(("step", state.step, state.epoch, state.seconds))

    def after_epoch(self, state):
        self.calls.append(("epoch", state.step, state.epoch))


@pytest.fixture
def ticking(monkeypatch):
    """A clock that is a second further each time it is read."""
    seconds = count()
    monkeypatch.setattr("harness.training.loop.perf_counter", lambda: float(next(seconds)))


def test_checkpoints_are_asked_after_each_step_and_each_epoch_but_the_last(ticking):
    data, checkpoints = batches(num_images=32), Noting()
    fit(trainable(convnet()), data, data, config(epochs=2), seed=1, checkpoints=checkpoints)
    first = [("restore", 0, 0), ("step", 1, 0, 1.0), ("step", 2, 0, 2.0), ("epoch", 2, 1)]
    assert checkpoints.calls == [*first, ("step", 3, 1, 1.0), ("step", 4, 1, 2.0)]


def test_an_epoch_that_was_stopped_goes_on_behind_its_steps_and_keeps_their_losses_and_seconds(ticking):
    data, checkpoints = batches(num_images=64), Noting(num_done=3, seconds=5.0)
    (row,) = fit(trainable(convnet()), data, data, config(epochs=1, lr=1e-9), seed=1, checkpoints=checkpoints).rows
    assert checkpoints.calls == [("restore", 0, 0), ("step", 4, 0, 6.0)]
    assert (row["train_seconds"], row["eval_seconds"]) == (7.0, 1.0)
    images, labels = list(data.train(0))[3]
    model = convnet()  # leaves the random state as above: that of a checkpoint is not seeded anew
    last = float(nn.CrossEntropyLoss()(model.train()(images), labels).detach())
    assert row["train_loss"] == pytest.approx((3 * 1.0 + last) / 4, rel=1e-6)


def test_a_row_says_what_an_epoch_gave_and_took_and_is_told_at_once(ticking):
    told, model, data = [], convnet(), batches(num_images=32)
    result = fit(trainable(model), data, data, config(epochs=2, lr=0.01), seed=1, on_epoch=told.append)
    assert told == result.rows
    assert list(told[1]) == ["epoch", "train_loss", "eval_loss", "eval_top1", "lr", "train_seconds", "eval_seconds"]
    assert [(row["epoch"], row["lr"], row["train_seconds"], row["eval_seconds"]) for row in told] == [
        (0, 0.01, 1.0, 1.0),
        (1, 0.01, 1.0, 1.0),
    ]


def test_a_frozen_backbone_keeps_its_weights_and_batch_norm_statistics_to_the_bit():
    model = convnet()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    freeze_all_but(model, ("6",))
    fit(trainable(model, heads=("6",)), batches(), batches(), config(), seed=1)
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"6.weight", "6.bias"}


def test_dropout_is_on_in_training_and_off_in_evaluation():
    data, model = batches(), convnet()
    first, second = (predict(trainable(model), data, config())[0] for _ in range(2))
    assert torch.equal(first, second)
    trainable(model).train_mode()
    images, _ = next(iter(data.eval()))
    assert not torch.equal(model(images), model(images))


def test_outputs_that_are_not_finite_count_as_wrong():
    class Broken(nn.Module):
        def forward(self, images):
            return torch.full((len(images), 3), float("nan"))

    assert evaluate(trainable(Broken()), batches(num_classes=1), config()).top1 == 0.0


def test_a_short_last_batch_weighs_no_more_than_its_images():
    model, data = convnet(), batches(num_images=37)
    logits, labels = predict(trainable(model), data, config())
    expected = (logits.argmax(1) == labels).double().mean().item() * 100
    data.eval_batch_size = 36
    assert evaluate(trainable(model), data, config()).top1 == pytest.approx(expected)


def test_cross_entropy_on_log_probabilities_has_the_gradients_of_nll_loss():
    logits = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(8) % 5
    gradients = []
    for loss in (cross_entropy, nn.NLLLoss()):
        leaf = logits.clone().requires_grad_()
        loss(leaf.log_softmax(1), labels).backward()
        gradients.append(leaf.grad)
    assert torch.allclose(*gradients, atol=1e-7)


def test_auxiliary_outputs_add_three_tenths_of_their_loss():
    main, aux = torch.randn(4, 3), torch.randn(4, 3)
    labels = torch.tensor([0, 1, 2, 0])
    expected = cross_entropy(main, labels) + 0.3 * cross_entropy(aux, labels)
    assert torch.equal(cross_entropy((main, aux, None), labels), expected)
