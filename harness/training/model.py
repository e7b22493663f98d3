"""A model under training: which of its parts train, how its outputs are computed, and its best weights so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(slots=True, kw_only=True)
class TrainableModel:
    """`model` with the names of the submodules that train (none named: all of it does).

    `forward` computes outputs from a batch. It is the model itself, a compiled form of it, or only its head where
    the batches are cached features of a frozen backbone.
    """

    model: nn.Module
    device: torch.device
    forward: Callable[[Tensor], Any]
    heads: tuple[str, ...] = ()

    def train_mode(self) -> None:
        """Dropout and batch-norm as in training, but a frozen backbone stays as it is.

        Batch-norm statistics are no parameters: in train mode a frozen backbone would drift all the same.
        """
        self.model.train(not self.heads)
        for name in self.heads:
            self.model.get_submodule(name).train()

    def eval_mode(self) -> None:
        """All of it as in evaluation."""
        self.model.eval()

    def parameters(self) -> Iterator[nn.Parameter]:
        """The parameters that train."""
        return (parameter for parameter in self.model.parameters() if parameter.requires_grad)

    def snapshot(self) -> dict[str, Tensor]:
        """A copy of everything that training can change."""
        return {name: tensor.detach().clone() for name, tensor in self._changing()}

    @torch.no_grad()
    def restore(self, snapshot: dict[str, Tensor]) -> None:
        """Put a snapshot back, in place."""
        for name, tensor in self._changing():
            tensor.copy_(snapshot[name])

    def _changing(self) -> Iterator[tuple[str, Tensor]]:
        inside = tuple(f"{name}." for name in self.heads)
        for name, tensor in self.model.state_dict(keep_vars=True).items():
            if not inside or name.startswith(inside):
                yield name, tensor


def freeze_all_but(model: nn.Module, heads: tuple[str, ...]) -> None:
    """Let only the parameters of the named submodules train; no name means that all train."""
    model.requires_grad_(not heads)
    for name in heads:
        model.get_submodule(name).requires_grad_(True)
