"""The shared loop: every model is trained by this, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING

import torch

from harness.data.batches.batches import in_parts
from harness.training.ddp.backward import SharedBackward
from harness.training.evaluate import evaluate
from harness.training.history import epoch_seed
from harness.training.loss import cross_entropy
from harness.training.numerics import resolve_numerics
from harness.training.optim import drop_gradients, learning_rate, set_learning_rate, stepper
from harness.training.state import TrainingState

if TYPE_CHECKING:
    from torch import Tensor

    from harness.data.batches.batches import Batch, Batches
    from harness.data.batches.progress import EpochProgress
    from harness.plan.config import TrainConfig
    from harness.training.checkpoint import TrainingCheckpoints
    from harness.training.ddp.peers import Peers
    from harness.training.history import HistoryRow, TrainingHistory
    from harness.training.model import TrainableModel


def fit(
    trainable: TrainableModel,
    train: Batches,
    val: Batches,
    config: TrainConfig,
    *,
    seed: int,
    on_epoch: Callable[[HistoryRow], None] = lambda row: None,
    checkpoints: TrainingCheckpoints | None = None,
    progress: EpochProgress | None = None,
    peers: Peers | None = None,
) -> TrainingHistory:
    """Train `trainable` on `train`, keep the weights of the epoch with the lowest validation loss, stop when it stalls.

    Order, augmentation and dropout are functions of (seed, epoch). A loss that is not finite, in training or in
    evaluation, ends it as diverged; the row of that epoch names its step. With `checkpoints` it goes on from the last
    checkpoint, and raises Stopped when it was asked to stop. With `peers` each of them calls this, with batches of its
    share, and all end with the same weights and history.
    """
    state = TrainingState.begin(trainable, config)
    shared = SharedBackward(state, config, peers, seed) if peers else None
    loop = _Loop(state, config, config.epochs * train.num_batches, checkpoints, progress, shared)
    if checkpoints:
        checkpoints.restore(state)
    state.history.goes_on_with(peers.world_size if peers else 1)
    while not state.is_over(config):
        row = loop.epoch(train, val, seed)
        state.end_epoch(row)
        on_epoch(row)
        if checkpoints and not state.is_over(config):
            checkpoints.after_epoch(state)
    trainable.restore(state.best)
    return state.history


class _Loop:
    """The steps and epochs of one training."""

    def __init__(
        self,
        state: TrainingState,
        config: TrainConfig,
        num_steps: int,
        checkpoints: TrainingCheckpoints | None,
        progress: EpochProgress | None,
        shared: SharedBackward | None,
    ) -> None:
        self.state, self.config, self.num_steps = state, config, num_steps
        self.checkpoints, self.progress = checkpoints, progress
        self.trainable, self.optimizer, self.scaler = state.trainable, state.optimizer, state.scaler
        self.numerics = resolve_numerics(config.numerics, state.trainable.device)
        self.take_step = stepper(state.optimizer, state.scaler)
        self.shared = shared
        self.backward = shared or self._backward

    def epoch(self, train: Batches, val: Batches, seed: int) -> HistoryRow:
        state = self.state
        start = perf_counter() - state.seconds
        rate = learning_rate(self.config, state.epoch * train.num_batches, self.num_steps)
        self.train_epoch(train, seed, start)
        if self.shared:
            self.shared.end_epoch()
        train_loss, bad_step = state.losses.fetch()  # waits for the device, so that the clock below may be read
        trained = perf_counter()
        scores = evaluate(self.trainable, val, self.config)
        return {
            "epoch": state.epoch,
            "train_loss": train_loss,
            "eval_loss": scores.loss,
            "eval_top1": scores.top1,
            "lr": rate,
            "train_seconds": trained - start,
            "eval_seconds": perf_counter() - trained,
            **({"bad_step": bad_step} if bad_step else {}),
        }

    def train_epoch(self, train: Batches, seed: int, start: float) -> None:
        """One pass over the training images, without those that a checkpoint has behind it."""
        state, num_done = self.state, len(self.state.losses.sizes)
        if not num_done:  # else the random state is the checkpoint's
            torch.manual_seed(epoch_seed(seed, state.epoch))
        self.trainable.train_mode()
        batches: Iterator[Batch] = islice(train.train(state.epoch), num_done, None)
        if self.progress:
            batches = self.progress.of(batches, state.epoch + 1, num_done, train.num_batches)
        for (images_BCHW, labels_B), size in zip(batches, train.sizes[num_done:], strict=True):
            state.losses.add(self.train_step(images_BCHW, labels_B, size), size)
            if self.checkpoints:
                state.seconds = perf_counter() - start
                self.checkpoints.after_step(state)

    def train_step(self, images_BCHW: Tensor, labels_B: Tensor, size: int) -> Tensor:
        """One optimiser step; `grad_accum` passes over parts of the batch add up to the same gradient.

        The batch has `size` images, and its loss is returned, however many of them are this process's.
        """
        set_learning_rate(self.optimizer, learning_rate(self.config, self.state.step, self.num_steps))
        drop_gradients(self.optimizer)
        total = self.backward(images_BCHW, labels_B, size)
        self.take_step()
        self.state.step += 1
        return total

    def _backward(self, images_BCHW: Tensor, labels_B: Tensor, size: int) -> Tensor:
        parts = self.config.grad_accum
        losses = []
        for images, labels in in_parts(images_BCHW, labels_B, parts):
            with self.numerics.autocast():
                loss = cross_entropy(self.trainable.forward(images), labels)
            if parts > 1:
                loss = loss * (len(labels) / size)
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch 2.15 leaves it untyped
            losses.append(loss.detach())  # or each step's graph would live until the epoch ends
        return losses[0] if parts == 1 else torch.stack(losses).sum()
