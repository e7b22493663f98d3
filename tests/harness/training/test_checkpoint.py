"""Checkpoints within a training: whatever stops it, it goes on to the very weights of one that was not stopped."""

from __future__ import annotations

import os

import pytest
import torch
from torch import nn

from harness.training.checkpoint import Stopped, TrainingCheckpoints
from harness.training.loop import fit
from harness.training.model import TrainableModel, freeze_all_but
from tests.harness.tiny import CPU, TensorBatches, batches, config, convnet, pixels, trainable
from zoo.errors import ZooError

IDENTITY = {"key": "k", "fingerprint": "f", "trial": {"train": {"epochs": 3, "lr": 1e-3}}}


class StopAfter(TrainingCheckpoints):
    """Is asked to stop once it has seen so many steps."""

    def __init__(self, folder, steps, **options):
        super().__init__(folder, IDENTITY, **{"every_s": 1e9, "min_gap_s": 1e9, **options})
        self.left = steps

    def after_step(self, state):
        self.left -= 1
        if self.left <= 0:
            self.request_stop()
        super().after_step(state)


def trained(settings, checkpoints=None, seed=5):
    torch.manual_seed(99)
    model = convnet()
    result = fit(trainable(model), batches(), batches(), settings, seed=seed, checkpoints=checkpoints)
    rows = [{name: value for name, value in row.items() if "seconds" not in name} for row in result.rows]
    return [tensor.clone() for tensor in model.state_dict().values()], rows, result


def in_pieces(settings, folder, steps):
    """Train, stopping after every `steps` steps and going on in what might be another process."""
    for _ in range(50):
        try:
            return trained(settings, StopAfter(folder, steps))
        except Stopped:
            torch.manual_seed(0)
    raise AssertionError("it never ended")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"opt": "sgd", "momentum": 0.9},
        {"opt": "adam", "sched": "cosine", "exact": True},
        {"grad_accum": 2},
        {"amp": True, "amp_dtype": "float16"},
        {"patience": 1, "lr": 0.3},
        {"lr": 1e20, "opt": "sgd"},
    ],
    ids=str,
)
@pytest.mark.parametrize("steps", [1, 3])
def test_a_training_in_pieces_is_the_same_to_the_bit(tmp_path, changes, steps):
    settings = config(**changes)
    weights, rows, whole = trained(settings)
    pieces_weights, pieces_rows, pieces = in_pieces(settings, tmp_path, steps)
    assert all(torch.equal(a, b) or (a.isnan() & b.isnan()).any() for a, b in zip(weights, pieces_weights, strict=True))
    assert str(rows) == str(pieces_rows)
    assert (whole.best_epoch, whole.diverged) == (pieces.best_epoch, pieces.diverged)


def pieces_equal_the_whole(make, data, settings, folder):
    """Whether training `make()` on `data` in pieces gives the weights of training it at once."""
    whole, pieces = make(), make()
    fit(whole, data, data, settings, seed=5)
    for _ in range(50):
        try:
            fit(pieces, data, data, settings, seed=5, checkpoints=StopAfter(folder, 3))
            break
        except Stopped:
            pieces = make()
    state = pieces.model.state_dict()
    return all(torch.equal(tensor, state[name]) for name, tensor in whole.model.state_dict().items())


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("opt", ["sgd", "adam", "adamw"])
def test_moments_of_channels_last_weights_stay_with_their_weights(tmp_path, opt, exact):
    """Fused optimisers read memory in its own order: a moment in another layout belongs to other weights."""

    def make():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6), nn.Flatten(), nn.Linear(96, 3))
        return trainable(model.to(memory_format=torch.channels_last))

    assert pieces_equal_the_whole(make, batches(), config(opt=opt, lr=0.01, exact=exact), tmp_path)


def test_a_head_on_cached_features_in_pieces_is_the_same_to_the_bit(tmp_path):
    images, labels = pixels()
    features = TensorBatches(images.flatten(1)[:, :16].float() / 255, labels, batch_size=16)

    def make():
        model = convnet()
        freeze_all_but(model, ("6",))
        return TrainableModel(model=model, device=CPU, forward=nn.Sequential(nn.Dropout(0.3), model[6]), heads=("6",))

    assert pieces_equal_the_whole(make, features, config(lr=0.01), tmp_path)


def test_no_step_before_the_last_checkpoint_is_done_again(tmp_path):
    seen = []
    forward = nn.Module.__call__

    def counting(model, *inputs):
        seen.append(model.training)
        return forward(model, *inputs)

    model = convnet()
    trainee = trainable(model)
    trainee.forward = lambda images: counting(model, images)
    with pytest.raises(Stopped):
        fit(trainee, batches(), batches(), config(epochs=1), seed=1, checkpoints=StopAfter(tmp_path, 3))
    fit(trainee, batches(), batches(), config(epochs=1), seed=1, checkpoints=StopAfter(tmp_path, 99))
    assert seen.count(True) == batches().num_batches


def stopped(folder, **options):
    with pytest.raises(Stopped):
        trained(config(), StopAfter(folder, 6, **options))
    return sorted(folder.iterdir())


def test_the_two_newest_checkpoints_are_kept(tmp_path):
    assert [path.name[:9] for path in stopped(tmp_path, every_s=0)] == ["000000005", "000000006"]


def test_epochs_are_saved_unless_the_last_checkpoint_is_young(tmp_path):
    assert [path.name[:9] for path in stopped(tmp_path / "each", min_gap_s=0)] == ["000000004", "000000006"]
    assert [path.name[:9] for path in stopped(tmp_path / "seldom", min_gap_s=100)] == ["000000006"]


def damage(path, how):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes({"flipped": bytes(content), "short": content[:-9], "empty": b""}[how])


@pytest.mark.parametrize("how", ["flipped", "short", "empty"])
def test_a_damaged_checkpoint_is_told_and_the_one_before_it_is_used(tmp_path, how):
    weights, *_ = trained(config())
    damage(stopped(tmp_path, every_s=0)[-1], how)
    notes = []
    resumed, *_ = trained(config(), TrainingCheckpoints(tmp_path, IDENTITY, on_note=notes.append))
    assert all(torch.equal(a, b) for a, b in zip(weights, resumed, strict=True))
    assert notes == [
        "000000006 is damaged (its SHA-256 does not fit its content); going back to the checkpoint before it"
    ]


def test_without_a_whole_checkpoint_it_starts_over_and_says_so(tmp_path):
    weights, *_ = trained(config())
    for path in stopped(tmp_path, every_s=0):
        damage(path, "short")
    notes = []
    resumed, *_ = trained(config(), TrainingCheckpoints(tmp_path, IDENTITY, on_note=notes.append))
    assert all(torch.equal(a, b) for a, b in zip(weights, resumed, strict=True))
    assert notes[-1] == "no checkpoint is whole; the trial starts over"


def test_a_checkpoint_of_another_trial_is_refused_by_the_keys_that_differ(tmp_path):
    stopped(tmp_path)
    other = {**IDENTITY, "fingerprint": "g", "trial": {"train": {"epochs": 4, "lr": 1e-3}}}
    with pytest.raises(ZooError, match=r"another trial: fingerprint f -> g, trial.train.epochs 3 -> 4$"):
        trained(config(), TrainingCheckpoints(tmp_path, other))


def test_a_checkpoint_of_another_model_is_refused_in_one_line(tmp_path):
    stopped(tmp_path)
    other = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    with pytest.raises(ZooError, match="does not fit the model") as caught:
        fit(
            trainable(other),
            batches(),
            batches(),
            config(),
            seed=1,
            checkpoints=TrainingCheckpoints(tmp_path, IDENTITY),
        )
    assert "\n" not in caught.value.cause


def test_what_was_spent_before_a_stop_is_counted(tmp_path):
    stopped(tmp_path)
    *_, result = trained(config(), TrainingCheckpoints(tmp_path, IDENTITY))
    assert 0 < result.earlier_seconds < 60


def test_a_link_in_place_of_a_checkpoint_is_not_followed(tmp_path):
    (newest,) = stopped(tmp_path)
    target = tmp_path / "elsewhere"
    newest.rename(target)
    os.symlink(target, newest)
    notes = []
    trained(config(), TrainingCheckpoints(tmp_path, IDENTITY, on_note=notes.append))
    assert "not a regular file" in notes[0]


def test_a_checkpoint_of_another_plugin_is_refused_and_one_of_before_that_names_none_is_not(tmp_path):
    stopped(tmp_path)
    content = {"content": {"plugin": {"net.py": "1a"}}}
    trained(config(), TrainingCheckpoints(tmp_path, IDENTITY | content, every_s=0, min_gap_s=0))
    other = {"content": {"plugin": {"net.py": "2b"}}}
    with pytest.raises(ZooError, match=r"another trial: content\.plugin\.net\.py 1a -> 2b"):
        trained(config(), TrainingCheckpoints(tmp_path, IDENTITY | other))
