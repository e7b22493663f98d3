"""Training by several processes against one process: the same losses, weights and decisions."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.data.batches.batches import PixelBatches
from harness.training.checkpoint import Stopped
from harness.training.evaluate import predict
from harness.training.loop import fit
from harness.training.state import EpochLoss
from tests.harness.processes import first_of, together
from tests.harness.tiny import config, pixels, trainable
from tests.harness.training.test_checkpoint import StopAfter

NUM_TRAIN, NUM_VAL = 70, 61  # batches of 16 leave 6; neither 2 nor 3 divides 61
SGD = {"opt": "sgd", "lr": 0.1, "epochs": 5}


class Net(nn.Module):
    """A convolution, normalisation over the batch or none, dropout, and a layer that has no part in the loss."""

    def __init__(self, norm=True, dropout=0.0):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, bias=not norm), nn.BatchNorm2d(4) if norm else nn.Identity())
        self.head = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Dropout(dropout), nn.Linear(144, 3))
        self.unused = nn.Linear(2, 2)

    def forward(self, images):
        return self.head(self.body(images))


def data(num_images, share=None):
    images, labels = pixels(num_images)
    options = {"mean": (0.5,), "std": (0.25,), "channels_out": 1, "batch_size": 16, "seed": 1}
    return PixelBatches(images, labels, **options, share=share)


def trained(peers, options, settings, folder=None, stop_after=10**9):
    """What a training came to: losses and sizes of its steps, its rows, weights, outputs and labels, its processes."""
    settings, model, steps, add = config(**settings), Net(**options), [], EpochLoss.add
    share = peers.share(settings.grad_accum) if peers else None
    train, val = data(NUM_TRAIN, share), data(NUM_VAL, share)
    checkpoints = StopAfter(folder, stop_after if not share or not share.rank else 10**9) if folder else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            EpochLoss, "add", lambda own, loss, size: (steps.append((loss.item(), size)), add(own, loss, size))
        )
        history = fit(trainable(model), train, val, settings, seed=1, checkpoints=checkpoints, peers=peers)
    rows = [{key: value for key, value in row.items() if "seconds" not in key} for row in history.rows]
    logits, labels = predict(trainable(model), val, settings)
    facts = {"processes": history.processes, "best": history.best_epoch, "diverged": history.diverged}
    drawn = torch.initial_seed()  # of what the last step dropped
    return {"steps": steps, "rows": rows, "weights": list(model.state_dict().values()), "logits": logits} | {
        "labels": labels,
        "facts": facts,
        "drawn": drawn,
    }


def stopped(peers, *args):
    """A training that is asked to stop: its first process saves itself, and the others are lost."""
    try:
        trained(peers, *args)
    except Stopped as error:
        return type(error).__name__
    return ""


def agree(several, one, tolerance=1e-5):
    """Whether all processes came to the same, to the bit, and that is what one process came to, but for rounding."""
    for other in several[1:]:
        assert (other["steps"], other["rows"]) == (several[0]["steps"], several[0]["rows"])
        assert all(torch.equal(a, b) for a, b in zip(other["weights"], several[0]["weights"], strict=True))
    first = several[0]
    assert [size for _, size in first["steps"]] == [size for _, size in one["steps"]]
    assert [loss for loss, _ in first["steps"]] == pytest.approx([loss for loss, _ in one["steps"]], abs=tolerance)
    assert torch.equal(first["labels"], one["labels"])
    assert torch.allclose(first["logits"], one["logits"], atol=10 * tolerance)
    assert [row["eval_top1"] for row in first["rows"]] == [row["eval_top1"] for row in one["rows"]]


@pytest.mark.parametrize(
    ("world_size", "options", "settings"),
    [
        (2, {"norm": False}, SGD),
        (2, {}, SGD),
        # The passes of the last batch have two images, for three processes.
        pytest.param(3, {}, {**SGD, "grad_accum": 3}, marks=pytest.mark.once),
        (2, {"norm": False}, {"opt": "adamw", "lr": 1e-3, "epochs": 5, "amp": True, "amp_dtype": "bfloat16"}),
    ],
)
def test_several_processes_take_the_steps_of_one_and_test_the_same_images(tmp_path, world_size, options, settings):
    one = trained(None, options, settings)
    assert len(one["steps"]) >= 20
    tolerance = 2e-2 if settings.get("amp") else 1e-5
    agree(together(world_size, trained, tmp_path, options, settings), one, tolerance)


def test_processes_drop_other_units_and_still_take_the_same_steps_and_decisions(tmp_path):
    options, settings = {"dropout": 0.5}, {"opt": "adamw", "lr": 0.05, "epochs": 30, "patience": 1}
    first, second = together(2, trained, tmp_path, options, settings)
    assert (first["steps"], first["rows"], first["facts"]) == (second["steps"], second["rows"], second["facts"])
    assert len(first["rows"]) == first["facts"]["best"] + 2 < 30
    assert first["drawn"] != second["drawn"]
    assert together(2, trained, tmp_path, options, settings)[0]["steps"] == first["steps"]


def test_all_processes_see_together_that_the_loss_is_not_finite(tmp_path):
    first, second = together(2, trained, tmp_path, {"norm": False}, {**SGD, "lr": 1e30})
    assert first["facts"] == second["facts"] == {"processes": [2], "best": -1, "diverged": True}
    assert first["rows"][0]["bad_step"] == second["rows"][0]["bad_step"] == 2


def test_a_training_goes_on_with_another_number_of_processes_from_its_last_step(tmp_path):
    whole = trained(None, {}, SGD)
    folder = tmp_path / "checkpoints"
    assert first_of(2, stopped, tmp_path, {}, SGD, folder, 7) == "Stopped"
    with pytest.raises(Stopped):
        trained(None, {}, SGD, folder, 7)
    first, second = together(2, trained, tmp_path, {}, SGD, folder)
    assert first["facts"]["processes"] == [2, 1, 2]
    assert first["rows"] == second["rows"]
    expected = [value for row in whole["rows"] for value in row.values()]
    assert [value for row in first["rows"] for value in row.values()] == pytest.approx(expected, abs=1e-5)
