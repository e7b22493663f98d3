"""All that a training in progress consists of: what has to be kept to go on from the very step where it stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

import torch

from harness.training.history import HistoryRow, TrainingHistory
from harness.training.numerics import resolve_numerics
from harness.training.optim import make_optimizer

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from harness.plan.config import TrainConfig
    from harness.training.model import TrainableModel


@dataclass(slots=True)
class EpochLoss:
    """One loss and the number of its images for each step; fetching one a step would make the host wait each time."""

    values: list[Tensor] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, loss: Tensor, size: int) -> None:
        """Take down the loss of one more step over `size` images."""
        self.values.append(loss)
        self.sizes.append(size)

    def fetch(self) -> tuple[float, int | None]:
        """The mean loss over images, and the first step, from 1, whose loss was not finite (None: all were)."""
        losses, weights = torch.stack(self.values).cpu().double(), torch.tensor(self.sizes, dtype=torch.float64)
        bad = (~losses.isfinite()).nonzero()
        return float((losses * weights).sum() / weights.sum()), int(bad[0]) + 1 if len(bad) else None


@dataclass(slots=True, kw_only=True)
class TrainingState:
    """A training: its model and optimiser, the steps and epochs behind it, and the best weights so far.

    `losses` and `seconds` are those of the present epoch, up to the last step.
    """

    trainable: TrainableModel
    optimizer: Optimizer
    scaler: torch.amp.GradScaler
    best: dict[str, Tensor]
    history: TrainingHistory = field(default_factory=TrainingHistory)
    losses: EpochLoss = field(default_factory=EpochLoss)
    step: int = 0
    epoch: int = 0
    seconds: float = 0.0

    @classmethod
    def begin(cls, trainable: TrainableModel, config: TrainConfig) -> TrainingState:
        """A training before its first step."""
        return cls(
            trainable=trainable,
            optimizer=make_optimizer(trainable.parameters(), config),
            scaler=resolve_numerics(config.numerics, trainable.device).make_scaler(),
            best=trainable.snapshot(),
        )

    def is_over(self, config: TrainConfig) -> bool:
        """Whether no further epoch is to come: all were, or it diverged, or has stalled."""
        history = self.history
        stalled = self.epoch > 0 and self.epoch - 1 - history.best_epoch >= config.patience
        return self.epoch >= config.epochs or history.diverged or stalled

    def end_epoch(self, row: HistoryRow) -> None:
        """Take an epoch's row down, and its weights if they are the best."""
        self.history.rows.append(row)
        self.history.diverged = not (isfinite(row["train_loss"]) and isfinite(row["eval_loss"]))
        if not self.history.diverged and row["eval_loss"] < self.history.best_loss:
            self.history.best_loss, self.history.best_epoch = row["eval_loss"], self.epoch
            self.best = self.trainable.snapshot()
        self.losses, self.seconds = EpochLoss(), 0.0
        self.epoch += 1

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of it, by name, on the CPU; to be written before the next step, which changes some of them.

        None shares memory with another, which safetensors refuses: snapshots are copies, tied weights among them.
        """
        named = {f"model.{name}": tensor for name, tensor in self.trainable.snapshot().items()}
        named |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            named |= {f"optimizer.{index}.{name}": value for name, value in state.items() if torch.is_tensor(value)}
        if self.losses.values:
            named["losses"] = torch.stack(self.losses.values)
        named["random"] = torch.get_rng_state()
        if self.trainable.device.type != "cpu":
            named["device_random"] = _device_module(self.trainable).get_rng_state(self.trainable.device)
        return {name: tensor.detach().cpu().contiguous() for name, tensor in named.items()}

    def numbers(self) -> dict[str, Any]:
        """The rest of it, as JSON."""
        history = self.history
        return {
            "step": self.step,
            "epoch": self.epoch,
            "seconds": self.seconds,
            "sizes": self.losses.sizes,
            "scaler": self.scaler.state_dict(),
            "history": history.rows,
            "best_epoch": history.best_epoch,
            "best_loss": history.best_loss,
            "diverged": history.diverged,
            "processes": history.processes,
        }

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Go on from what `tensors` and `numbers` gave. Raises KeyError or RuntimeError where they do not fit."""
        device = self.trainable.device
        self.trainable.restore(_under("model.", tensors))
        self.best = {name: tensor.to(device) for name, tensor in _under("best.", tensors).items()}
        # The rates and fused kernels of today's optimiser, the moments of the checkpoint's.
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": self._optimizer_state(tensors)})
        self.scaler.load_state_dict(numbers["scaler"])
        self.losses = EpochLoss([*tensors["losses"].to(device)] if numbers["sizes"] else [], numbers["sizes"])
        self.step, self.epoch, self.seconds = numbers["step"], numbers["epoch"], numbers["seconds"]
        self.history.rows[:] = numbers["history"]
        self.history.best_epoch, self.history.best_loss = numbers["best_epoch"], numbers["best_loss"]
        self.history.diverged = numbers["diverged"]
        self.history.processes[:] = numbers.get("processes", [1])  # checkpoints of before do not say
        torch.set_rng_state(tensors["random"])
        if "device_random" in tensors:
            _device_module(self.trainable).set_rng_state(tensors["device_random"], device)

    def _optimizer_state(self, tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
        """What the optimiser keeps of each parameter, in the memory layout of the parameter.

        Files have one layout only, and load_state_dict leaves it; fused optimisers pair numbers by their place in
        memory, so that in another layout the moments of channels-last weights silently serve other weights.
        """
        parameters = dict(enumerate(each for group in self.optimizer.param_groups for each in group["params"]))
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer.", tensors).items():
            index, _, key = name.partition(".")
            like = parameters[int(index)]
            if tensor.shape == like.shape:
                tensor = torch.empty_like(like, dtype=tensor.dtype, device=tensor.device).copy_(tensor)
            state.setdefault(int(index), {})[key] = tensor
        return state


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _device_module(trainable: TrainableModel) -> Any:
    return getattr(torch, trainable.device.type)
