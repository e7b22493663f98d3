"""What learning curves are said to show: over-fitting, too few epochs, divergence, or none of it."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from results.answers.asked import Unanswerable
from results.answers.curves import Curve, Learning, learning_curves
from tests.results.runs import trial
from tests.results.samples import stored_run

FALLING = (1.0, 0.5, 0.3, 0.2, 0.15, 0.12, 0.1)


def curve(val_loss, train_loss=None, num_asked=10):
    val_loss = tuple(val_loss)
    finite = [loss for loss in val_loss if math.isfinite(loss)]
    return Curve(
        seed=1,
        train_loss=tuple(train_loss or (1 / (epoch + 1) for epoch in range(len(val_loss)))),
        val_loss=val_loss,
        val_err=tuple(10 * loss for loss in val_loss),
        kept=1 + val_loss.index(min(finite)),
        num_asked=num_asked,
    )


def learnt(model, val_losses, seed=1, **changes):
    """A trial with that history."""
    rows = tuple(
        {"epoch": epoch, "train_loss": 1 / (epoch + 1), "eval_loss": loss, "eval_top1": 90.0}
        for epoch, loss in enumerate(val_losses)
    )
    record, arrays = trial(model, seed, facts={"best_epoch": val_losses.index(min(val_losses))}, **changes)
    return replace(record, history=rows, trial={"train": {"epochs": 10}}), arrays


def early_stopped(losses, patience=4):
    """The losses as far as training goes that ends after so many epochs without gain."""
    best = 0
    for epoch, loss in enumerate(losses):
        best = epoch if loss < losses[best] else best
        if epoch - best >= patience:
            return losses[: epoch + 1]
    return losses


def test_a_loss_that_rises_from_its_lowest_on_while_training_goes_on_over_fits():
    over = curve((1.0, 0.5, 0.4, 0.45, 0.5, 0.56))
    assert (over.over_fits, over.lowest, over.rise) == (True, 3, pytest.approx(0.4))
    assert Learning(model="m", curves=(over,)).rises_from == 4


def test_a_loss_that_wandered_up_and_stayed_there_over_fits_and_one_that_came_back_does_not():
    wandering = (1.0, 0.4, 0.6, 0.45, 0.7, 0.5, 0.65, 0.48, 0.6, 0.5, 0.62, 0.5)
    assert curve(wandering).over_fits
    assert not curve((*wandering[:-1], 0.42)).over_fits


@pytest.mark.parametrize(
    ("val_loss", "train_loss"),
    [
        (FALLING, None),
        ((1.0, 0.5, 0.400, 0.405, 0.410, 0.413), None),  # steadily, but by 3 %
        ((1.0, 0.5, 0.40, 0.43, 0.41, 0.42, 0.43), None),  # about a level that is above the lowest
        ((1.0, 0.5, 0.4, 0.5), None),  # a single epoch
        ((1.0, 0.5, 0.4, 0.9, 0.41, 0.8, 0.45), None),  # up and down
        ((1.0, 0.5, 0.4, 0.45, 0.5, 0.56), (1.0, 0.5, 0.4, 0.5, 0.6, 0.7)),  # training loses as much: a rate too high
        ((3.0, 0.03, 0.010, 0.011, 0.0115, 0.012), None),  # nothing beside what was learnt
    ],
)
def test_what_is_no_over_fitting(val_loss, train_loss):
    assert not curve(val_loss, train_loss).over_fits


def test_noise_about_a_level_is_hardly_ever_named_so():
    named = 0
    for number in range(300):
        draw = random.Random(number)
        losses = [(0.1 + 1.5 * math.exp(-epoch / 4)) * (1 + draw.gauss(0, 0.08)) for epoch in range(30)]
        named += curve(early_stopped(losses)).over_fits
    assert named <= 3


def test_most_seeds_decide_for_a_model_and_their_median_epoch_is_named():
    over, later, healthy = curve((1, 0.5, 0.6, 0.7)), curve((1, 0.5, 0.4, 0.3, 0.4, 0.5)), curve(FALLING)
    both = Learning(model="m", curves=(over, later, healthy))
    assert (both.over_fits, both.rises_from) == (True, 4)
    assert not Learning(model="m", curves=(over, healthy, healthy)).over_fits


def test_only_what_ended_for_want_of_epochs_is_still_falling():
    assert curve(FALLING, num_asked=7).still_falls
    assert not curve(FALLING, num_asked=10).still_falls
    assert not curve((*FALLING, 0.0999), num_asked=8).still_falls
    assert not curve((*FALLING, 0.11), num_asked=8).still_falls


def test_a_loss_that_is_not_finite_diverged_and_is_nothing_else():
    broken = curve((1.0, 0.5, 0.6, 0.7, math.inf))
    assert (broken.diverged, broken.over_fits, broken.still_falls) == (True, False, False)


def test_models_stand_in_the_order_of_the_ranking_each_with_its_seeds(tmp_path):
    runs = [learnt("b", [1.0, 0.5], seed=2, wrong=range(9)), learnt("b", [1.0, 0.4], wrong=range(9))]
    stored_run(tmp_path, [learnt("c", [1.0], wrong=range(500)), *runs, trial("none", status="failed", cause="x")])
    found = learning_curves([], tmp_path)
    assert [(one.model, [own.seed for own in one.curves]) for one in found.models] == [("b", [1, 2]), ("c", [1])]
    assert [one.model for one in learning_curves(["c"], tmp_path).models] == ["c"]


def test_the_epoch_whose_weights_were_kept_is_the_records_own(tmp_path):
    stored_run(tmp_path, [learnt("a", [1.0, 0.2, 0.3])])
    (own,) = learning_curves([], tmp_path).models[0].curves
    assert (own.kept, own.val_err, own.num_asked) == (2, (10.0, 10.0, 10.0), 10)


def test_a_run_in_which_nothing_learnt_has_no_curves(tmp_path):
    stored_run(tmp_path, [trial("none", status="failed", cause="x")])
    with pytest.raises(Unanswerable, match="finished an epoch") as caught:
        learning_curves([], tmp_path)
    assert caught.value.exit_code == 3
