"""All that a training in progress consists of: what has to be kept to go on from the very step where it stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

import torch

from harness.training.history import Fit, HistoryRow
from harness.training.numerics import resolve_numerics
from harness.training.optim import make_optimizer

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from harness.plan.config import TrainConfig
    from harness.training.model import Subject


@dataclass(slots=True)
class Losses:
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
class Course:
    """A training: its model and optimiser, the steps and epochs behind it, and the best weights so far.

    `losses` and `seconds` are those of the present epoch, up to the last step.
    """

    subject: Subject
    optimizer: Optimizer
    scaler: torch.amp.GradScaler
    best: dict[str, Tensor]
    fit: Fit = field(default_factory=Fit)
    losses: Losses = field(default_factory=Losses)
    step: int = 0
    epoch: int = 0
    seconds: float = 0.0

    @classmethod
    def begin(cls, subject: Subject, config: TrainConfig) -> Course:
        """A training before its first step."""
        return cls(
            subject=subject,
            optimizer=make_optimizer(subject.parameters(), config),
            scaler=resolve_numerics(config.numerics, subject.device).make_scaler(),
            best=subject.snapshot(),
        )

    def is_over(self, config: TrainConfig) -> bool:
        """Whether no further epoch is to come: all were, or it diverged, or has stalled."""
        fit = self.fit
        stalled = self.epoch > 0 and self.epoch - 1 - fit.best_epoch >= config.patience
        return self.epoch >= config.epochs or fit.diverged or stalled

    def end_epoch(self, row: HistoryRow) -> None:
        """Take an epoch's row down, and its weights if they are the best."""
        self.fit.history.append(row)
        self.fit.diverged = not (isfinite(row["train_loss"]) and isfinite(row["eval_loss"]))
        if not self.fit.diverged and row["eval_loss"] < self.fit.best_loss:
            self.fit.best_loss, self.fit.best_epoch = row["eval_loss"], self.epoch
            self.best = self.subject.snapshot()
        self.losses, self.seconds = Losses(), 0.0
        self.epoch += 1

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of it, by name, on the CPU; to be written before the next step, which changes some of them.

        None shares memory with another, which safetensors refuses: snapshots are copies, tied weights among them.
        """
        named = {f"model.{name}": tensor for name, tensor in self.subject.snapshot().items()}
        named |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            named |= {f"optimizer.{index}.{name}": value for name, value in state.items() if torch.is_tensor(value)}
        if self.losses.values:
            named["losses"] = torch.stack(self.losses.values)
        named["random"] = torch.get_rng_state()
        if self.subject.device.type != "cpu":
            named["device_random"] = _device_module(self.subject).get_rng_state(self.subject.device)
        return {name: tensor.detach().cpu().contiguous() for name, tensor in named.items()}

    def numbers(self) -> dict[str, Any]:
        """The rest of it, as JSON."""
        fit = self.fit
        return {
            "step": self.step,
            "epoch": self.epoch,
            "seconds": self.seconds,
            "sizes": self.losses.sizes,
            "scaler": self.scaler.state_dict(),
            "history": fit.history,
            "best_epoch": fit.best_epoch,
            "best_loss": fit.best_loss,
            "diverged": fit.diverged,
        }

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Go on from what `tensors` and `numbers` gave. Raises KeyError or RuntimeError where they do not fit."""
        device = self.subject.device
        self.subject.restore(_under("model.", tensors))
        self.best = {name: tensor.to(device) for name, tensor in _under("best.", tensors).items()}
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": self._optimizer_state(tensors)})
        self.scaler.load_state_dict(numbers["scaler"])
        self.losses = Losses([*tensors["losses"].to(device)] if numbers["sizes"] else [], numbers["sizes"])
        self.step, self.epoch, self.seconds = numbers["step"], numbers["epoch"], numbers["seconds"]
        self.fit.history[:] = numbers["history"]
        self.fit.best_epoch, self.fit.best_loss = numbers["best_epoch"], numbers["best_loss"]
        self.fit.diverged = numbers["diverged"]
        torch.set_rng_state(tensors["random"])
        if "device_random" in tensors:
            _device_module(self.subject).set_rng_state(tensors["device_random"], device)

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


def _device_module(subject: Subject) -> Any:
    return getattr(torch, subject.device.type)
