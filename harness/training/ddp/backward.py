"""A step's passes where several processes train one model: each through its own images, to the gradient of all."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from harness.data.batches.order import generator
from harness.training.ddp.batch_norm import SyncedBatchNorm
from harness.training.loss import cross_entropy
from harness.training.numerics import resolve_numerics

if TYPE_CHECKING:
    from torch import Tensor

    from harness.plan.config import TrainConfig
    from harness.training.ddp.peers import Peers
    from harness.training.model import TrainableModel
    from harness.training.state import TrainingState


class SharedBackward:
    """Forward and backward of this process's images; then all processes have the gradient of the whole batch.

    It is that of the mean over the batch however unequal the pieces are. Loss and gradients are the same to the bit in
    all processes, so that each of them takes the same steps and the same decisions. Making one is collective.
    """

    def __init__(self, state: TrainingState, config: TrainConfig, peers: Peers, seed: int) -> None:
        self.state, self.peers, self.seed = state, peers, seed
        self.share = peers.share(config.grad_accum)
        self.numerics = resolve_numerics(config.numerics, state.trainable.device)
        model = state.trainable.model
        peers.align(chain(model.parameters(), model.buffers()))
        # Parameters without a part in the loss are no error with one process, and must be none here.
        self.model = DistributedDataParallel(_Forward(state.trainable), find_unused_parameters=True)

    def __call__(self, images_BCHW: Tensor, labels_B: Tensor, size: int) -> Tensor:
        """The loss of a batch of `size` images, of which these are this process's."""
        # Two processes must not drop the same units, and a resumed training must drop those that it would have.
        torch.manual_seed(generator("process", self.seed, self.state.step, self.peers.rank).initial_seed())
        spans = self.share.spans(size)
        sizes = [span.size for span in spans]
        total = labels_B.new_zeros((), dtype=torch.float32)
        for span, images, labels in zip(
            spans, torch.split(images_BCHW, sizes), torch.split(labels_B, sizes), strict=True
        ):
            with nullcontext() if span is spans[-1] else self.model.no_sync():
                with self.numerics.autocast():
                    loss = cross_entropy(self.model(images, span.counts), labels)
                loss = loss * (span.size / size if span.counts else 0.0)
                # DistributedDataParallel gives the mean of all processes' gradients, and the sum is wanted.
                scaled = self.state.scaler.scale(loss * self.peers.world_size)
                scaled.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return self.peers.add_up(total)

    def end_epoch(self) -> None:
        """Let every process evaluate, and keep, the first one's buffers, whatever the model keeps in them."""
        self.peers.align(self.state.trainable.model.buffers())


class _Forward(nn.Module):
    """The forward pass of a training, be it through the whole model or not, as the module that torch wraps.

    It has the parameters that train alone: buffers need not travel in each pass, since those of batch normalisation are
    equal, and all are aligned once an epoch.
    """

    def __init__(self, trainable: TrainableModel) -> None:
        super().__init__()
        self.trainable = trainable
        self.trained = nn.ParameterList(trainable.parameters())

    def forward(self, images_BCHW: Tensor, counts: bool) -> Any:
        with SyncedBatchNorm(counts):
            return self.trainable.forward(images_BCHW)
