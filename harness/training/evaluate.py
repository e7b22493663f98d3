"""Predictions of a model over a whole split, and what they score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.training.ddp.peers import gather_rows
from harness.training.loss import cross_entropy, main_logits
from harness.training.numerics import resolve_numerics
from harness.training.row_buffer import RowBuffer
from zoo.errors import ZooError
from zoo.heads.proof import require_no_probabilities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from harness.data.batches.batches import Batches
    from harness.plan.config import TrainConfig
    from harness.training.model import TrainableModel

ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Mean loss over images, and top-1 accuracy in percent."""

    loss: float
    top1: float


def predict(trainable: TrainableModel, batches: Batches, config: TrainConfig) -> tuple[Tensor, Tensor]:
    """Outputs [N, K] in float32 and labels [N] of a split in its own order, left on the device.

    Where processes share the split each computes its images, and gets the others' from them. Raises ZooError where they
    are probabilities.
    """
    kept, labels = RowBuffer(batches.num_images), []
    with torch.inference_mode():
        for logits_BK, labels_B in outputs(trainable, batches, config):
            kept.add(logits_BK)
            labels.append(labels_B)
        logits_NK, labels_N = kept.whole(), torch.cat(labels)
        if share := batches.share:
            logits_NK, labels_N = (gather_rows(own, share, batches.num_images) for own in (logits_NK, labels_N))
        require_no_probabilities(logits_NK)
        return logits_NK, labels_N


def outputs(trainable: TrainableModel, batches: Batches, config: TrainConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """Outputs [B, K] in float32 and labels [B] of each batch of a split in its own order, left on the device."""
    trainable.eval_mode()  # each time: the loop leaves the model in train mode
    numerics = resolve_numerics(config.numerics, trainable.device)
    for images_BCHW, labels_B in batches.eval():
        with torch.inference_mode(), numerics.autocast():
            logits_BK = main_logits(trainable.forward(images_BCHW))
        yield logits_BK, labels_B


def final_outputs(trainable: TrainableModel, batches: Batches, config: TrainConfig) -> tuple[Tensor, Tensor]:
    """As `predict`, for the outputs that a model is judged by: ZooError where any is not finite.

    Such an image counts as wrong in a score; a model that cannot answer for it is broken and gets none.
    """
    logits_NK, labels_N = predict(trainable, batches, config)
    num_bad = int((~logits_NK.isfinite()).any(1).sum())
    if num_bad:
        cause = f"in evaluation the model's output is not finite for {num_bad} of {len(labels_N)} test images"
        raise ZooError(cause, "look for a division by zero or an overflow in forward")
    return logits_NK, labels_N


def evaluate(trainable: TrainableModel, batches: Batches, config: TrainConfig) -> Scores:
    """Score a split. Sums over images and divides once, so that a short last batch weighs what it should.

    An image with an output that is not finite counts as wrong: the argmax over NaN is class 0.
    """
    logits_NK, labels_N = predict(trainable, batches, config)
    correct = (logits_NK.argmax(1) == labels_N) & logits_NK.isfinite().all(1)
    return Scores(loss=float(cross_entropy(logits_NK, labels_N)), top1=float(correct.sum()) / len(labels_N) * 100)


def log_probabilities(logits_NK: Tensor) -> Tensor:
    """Natural logarithms of class probabilities [N, K] from logits [N, K] in float32; finite where those are.

    On the CPU, since MPS has no float64, and by blocks, so that only one block is in float64.
    """
    lowest = torch.finfo(torch.float32).min
    blocks = torch.split(logits_NK.cpu(), ROWS_AT_ONCE)
    return torch.cat([rows.double().log_softmax(1).clamp(min=lowest).float() for rows in blocks])


def probabilities(logits_NK: Tensor) -> Tensor:
    """Class probabilities [N, K] in float32 on the CPU. They are 0 below 1e-45: neither to be ranked nor for a loss."""
    return torch.cat([rows.double().softmax(1).float() for rows in torch.split(logits_NK.cpu(), ROWS_AT_ONCE)])
