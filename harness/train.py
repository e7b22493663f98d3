# ruff: noqa: TID253
"""The shared loop: every model is trained by this, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from time import perf_counter
from typing import TYPE_CHECKING

import torch

from harness.evaluate import evaluate
from harness.history import Fit, HistoryRow, epoch_seed
from harness.loss import cross_entropy
from harness.losses import Losses
from harness.optim import learning_rate, make_optimizer, set_learning_rate
from harness.precision import autocast, make_scaler

if TYPE_CHECKING:
    from torch import Tensor

    from harness.config import TrainConfig
    from harness.data.batches import Batches
    from harness.subject import Subject


def fit(
    subject: Subject,
    train: Batches,
    val: Batches,
    config: TrainConfig,
    *,
    seed: int,
    on_epoch: Callable[[HistoryRow], None] = lambda row: None,
) -> Fit:
    """Train `subject` on `train`, keep the weights of the epoch with the lowest validation loss, stop when it stalls.

    Order, augmentation and dropout are functions of (seed, epoch). A loss that is not finite, in training or in
    evaluation, ends it as diverged; the row of that epoch names its step.
    """
    loop = _Loop(subject, config, num_steps=config.epochs * train.num_batches)
    result = Fit()
    best = subject.snapshot()
    for epoch in range(config.epochs):
        torch.manual_seed(epoch_seed(seed, epoch))
        row = loop.epoch(epoch, train, val)
        result.history.append(row)
        on_epoch(row)
        if not (isfinite(row["train_loss"]) and isfinite(row["eval_loss"])):
            result.diverged = True
            break
        if row["eval_loss"] < result.best_loss:
            result.best_loss, result.best_epoch = row["eval_loss"], epoch
            best = subject.snapshot()
        if epoch - result.best_epoch >= config.patience:
            break
    subject.restore(best)
    return result


class _Loop:
    """Training in progress: the optimiser, the gradient scaler, and how many steps were taken."""

    def __init__(self, subject: Subject, config: TrainConfig, num_steps: int) -> None:
        self.subject, self.config, self.num_steps = subject, config, num_steps
        self.optimizer = make_optimizer(subject.parameters(), config)
        self.scaler = make_scaler(config, subject.device)
        self.step = 0

    def epoch(self, epoch: int, train: Batches, val: Batches) -> HistoryRow:
        start = perf_counter()
        rate = learning_rate(self.config, self.step, self.num_steps)
        train_loss, bad_step = self.train_epoch(train, epoch).fetch()
        trained = perf_counter()
        scores = evaluate(self.subject, val, self.config)
        return {
            "epoch": epoch,
            "train_loss": train_loss,
            "eval_loss": scores.loss,
            "eval_top1": scores.top1,
            "lr": rate,
            "train_seconds": trained - start,
            "eval_seconds": perf_counter() - trained,
            **({"bad_step": bad_step} if bad_step else {}),
        }

    def train_epoch(self, train: Batches, epoch: int) -> Losses:
        """One pass over the training images."""
        self.subject.train_mode()
        losses = Losses()
        for images_BCHW, labels_B in train.train(epoch):
            losses.add(self.train_step(images_BCHW, labels_B), len(labels_B))
        return losses

    def train_step(self, images_BCHW: Tensor, labels_B: Tensor) -> Tensor:
        """One optimiser step; `grad_accum` passes over parts of the batch add up to the same gradient."""
        set_learning_rate(self.optimizer, learning_rate(self.config, self.step, self.num_steps))
        self.optimizer.zero_grad(set_to_none=True)
        total = self._backward(images_BCHW, labels_B, len(labels_B))
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.step += 1
        return total

    def _backward(self, images_BCHW: Tensor, labels_B: Tensor, size: int) -> Tensor:
        parts = self.config.grad_accum
        losses = []
        for images, labels in zip(images_BCHW.chunk(parts), labels_B.chunk(parts), strict=True):
            with autocast(self.config, self.subject.device):
                loss = cross_entropy(self.subject.forward(images), labels)
            if parts > 1:
                loss = loss * (len(labels) / size)
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch 2.15 leaves it untyped
            losses.append(loss.detach())
        return losses[0] if parts == 1 else torch.stack(losses).sum()
