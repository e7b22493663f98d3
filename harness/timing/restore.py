"""Lending a model to the clocks: moved, cast and trained at will, and handed back exactly as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import torch

from harness.training.numerics import resolve_numerics
from zoo.manager import switches
from zoo.memory_layout import lay_out

if TYPE_CHECKING:
    from torch import nn

    from harness.plan.config import TimingConfig


@contextmanager
def resident(model: nn.Module, device: torch.device, config: TimingConfig) -> Iterator[None]:
    """Hold copies of the model's weights and buffers on `device`, in the format and the memory layout of `config`.

    At the end the model has the very tensors back that it had.

    Restored are weights, gradients, buffers (batch-norm statistics among them), the train or eval mode of every
    submodule, and the random state of the CPU and of the device.
    """
    modules = [(module, module.training, dict(module._parameters), dict(module._buffers)) for module in model.modules()]
    parameters = [(parameter, parameter.data, parameter.grad) for parameter in model.parameters()]
    with random_state_kept(device):
        try:
            _detach(model)
            model.to(device, getattr(torch, config.precision))
            # Always: a model that was trained channels-last on an accelerator would else be timed so on the CPU.
            lay_out(model, resolve_numerics(config.numerics, device).memory_format)
            yield
        finally:
            for module, training, named_parameters, named_buffers in modules:
                module.training = training
                _put_back(module._parameters, named_parameters)
                _put_back(module._buffers, named_buffers)
            for parameter, data, grad in parameters:
                parameter.data, parameter.grad = data, grad


def random_state_kept(device: torch.device) -> AbstractContextManager[None]:
    """Put the random state of the CPU, and of the device where torch can, back at the end."""
    if device.type in {"cuda", "xpu"}:
        return torch.random.fork_rng([device], device_type=device.type)
    return torch.random.fork_rng([])


def _detach(model: nn.Module) -> None:
    """Give the model its own copies, so that nothing done to them reaches the originals."""
    for parameter in model.parameters():
        parameter.grad = None
        parameter.data = parameter.data.clone()
    for module in model.modules():
        for name, buffer in module._buffers.items():
            module._buffers[name] = None if buffer is None else buffer.clone()


def _put_back(current: dict[str, Any], kept: dict[str, Any]) -> None:
    for name, tensor in kept.items():
        # Only what was replaced: some modules (TorchScript's) refuse assignments.
        if current[name] is not tensor:
            current[name] = tensor


@contextmanager
def applied(config: TimingConfig, *, exact: bool = False) -> Iterator[None]:
    """Set what `config` asks for, and put it back.

    All of torch's other switches are at their standard meanwhile, whatever a model's code has set: as in a process that
    only imports torch, but that with `exact` float32 is float32 on every device.
    """
    with switches.kept():
        switches.set_standard(exact=exact)
        if config.numerics.num_threads is not None:
            torch.set_num_threads(config.numerics.num_threads)
        yield
