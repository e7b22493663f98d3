"""The work of one image: multiply-adds, activations and parameters, counted rather than timed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from zoo.describe import count_macs

if TYPE_CHECKING:
    from collections.abc import Callable

LAYERS_THAT_ACTIVATE = (nn.Linear, nn.modules.conv._ConvNd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """For one image: multiply-adds, and outputs of convolution and linear layers."""

    gmacs: float
    mactivations: float
    param_count: int


def count(model: nn.Module, input_shape: tuple[int, int, int]) -> Work:
    """Count on the meta device, which computes nothing; on the CPU where a model reads its own tensors' values."""
    try:
        return _count(_on_meta(model), input_shape)
    except (RuntimeError, NotImplementedError, TypeError, ValueError):
        return _count(deepcopy(model).cpu().float(), input_shape)


def _count(model: nn.Module, input_shape: tuple[int, int, int]) -> Work:
    with _activations(model) as activations:
        macs = count_macs(model, input_shape)
    return Work(
        gmacs=macs / 1e9,
        mactivations=sum(activations) / 1e6,
        param_count=sum(parameter.numel() for parameter in model.parameters()),
    )


def _on_meta(model: nn.Module) -> nn.Module:
    """A copy without storage: tensors on the meta device take no memory, however large the model is."""
    # deepcopy takes what its memo holds of an object for the copy: the tensors' own memory is never touched.
    memo: dict[int, Any] = {}
    for tensor in [*model.parameters(), *model.buffers()]:
        memo[id(tensor)] = _like(tensor)
    return deepcopy(model, memo)


def _like(tensor: Tensor) -> Tensor:
    dtype = torch.float32 if tensor.is_floating_point() else tensor.dtype
    empty = torch.empty_like(tensor, device="meta", dtype=dtype)
    return nn.Parameter(empty, requires_grad=False) if isinstance(tensor, nn.Parameter) else empty


@contextmanager
def _activations(model: nn.Module) -> Iterator[list[int]]:
    """Collect the sizes of the outputs of convolution and linear layers, as timm and Radosavovic et al. 2020 count."""
    sizes: list[int] = []
    hook: Callable[..., None] = lambda module, inputs, output: sizes.append(output.numel())  # noqa: E731
    handles = [m.register_forward_hook(hook) for m in model.modules() if isinstance(m, LAYERS_THAT_ACTIVATE)]
    try:
        yield sizes
    finally:
        for handle in handles:
            handle.remove()
