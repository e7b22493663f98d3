"""Optimisers by name, their steps, and learning-rate schedules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import cos, pi
from typing import TYPE_CHECKING, Any

import torch
from torch.optim import SGD, Adam, AdamW, Optimizer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn

    from harness.plan.config import TrainConfig

# The operations that fused optimisers end in.
_KERNELS: dict[type[Optimizer], Callable[..., None]] = {Adam: torch._fused_adam_, AdamW: torch._fused_adamw_}


def make_optimizer(parameters: Iterable[nn.Parameter], config: TrainConfig) -> Optimizer:
    """The optimiser that `config` names, over the parameters that train.

    It is fused except under `exact`: one kernel a step instead of several a parameter, 1.2-1.3 times faster on a
    small MLP, with losses that differ from the plain optimiser's in the last bits only (2e-7 relative).
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    common: dict[str, Any] = {"lr": config.lr, "weight_decay": config.weight_decay}
    if not config.exact and all(_can_fuse(parameter) for parameter in trained):
        common["fused"] = True
    if config.opt == "sgd":
        return SGD(trained, momentum=config.momentum, **common)
    kind: type[Adam | AdamW] = {"adam": Adam, "adamw": AdamW}[config.opt]
    return kind(trained, **common)


def _can_fuse(parameter: nn.Parameter) -> bool:
    return parameter.device.type in {"cpu", "cuda"} and parameter.is_floating_point()


def stepper(optimizer: Optimizer, scaler: torch.amp.GradScaler) -> Callable[[], None]:
    """A function that takes one step with the gradients at hand, scaled by `scaler` if that is enabled."""
    kernel = _KERNELS.get(type(optimizer))
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    kinds = {(parameter.device.type, parameter.dtype) for parameter in parameters}
    if kernel and kinds == {("cpu", torch.float32)} and optimizer.defaults["fused"] and not scaler.is_enabled():
        return partial(_step_at_once, optimizer, kernel)
    return partial(_step_scaled, optimizer, scaler)


@torch.no_grad()
def _step_at_once(optimizer: Optimizer, kernel: Callable[..., None]) -> None:
    """What a fused `optimizer.step()` does to float32 parameters on the CPU, without the 150 microseconds around it."""
    (group,) = optimizer.param_groups
    trained: list[nn.Parameter] = [parameter for parameter in group["params"] if parameter.grad is not None]
    states = [optimizer.state[parameter] for parameter in trained]
    if not (states and all(states)):  # a parameter's first step makes its state
        optimizer.step()
        return
    steps: list[Tensor] = [state["step"] for state in states]
    for step in steps:
        step += 1
    kernel(
        trained,
        [parameter.grad for parameter in trained],
        [state["exp_avg"] for state in states],
        [state["exp_avg_sq"] for state in states],
        [],
        steps,
        lr=group["lr"],
        beta1=group["betas"][0],
        beta2=group["betas"][1],
        weight_decay=group["weight_decay"],
        eps=group["eps"],
        amsgrad=False,
        maximize=False,
    )


def _step_scaled(optimizer: Optimizer, scaler: torch.amp.GradScaler) -> None:
    scaler.step(optimizer)
    scaler.update()


def drop_gradients(optimizer: Optimizer) -> None:
    """What `zero_grad(set_to_none=True)` does, without the 70 microseconds that it takes to begin."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None


def learning_rate(config: TrainConfig, step: int, num_steps: int) -> float:
    """The rate at optimiser step `step` of `num_steps`: constant, or half a cosine down to zero."""
    if config.sched == "constant":
        return config.lr
    return config.lr * 0.5 * (1 + cos(pi * step / num_steps))


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the rate of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = rate
