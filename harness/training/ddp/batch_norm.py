"""Batch normalisation over the images of all processes, as one process would normalise the whole batch.

torch.nn.SyncBatchNorm does that on accelerators only. Statistics of each process alone would make another recipe of a
model that has such layers, the more so the more processes there are: a batch of 32 on eight is normalised by fours.

Here `torch.nn.functional.batch_norm` is taken over as it is called, so that layers which are none of torch's own (such
as timm's BatchNormAct2d) are seen too, and no module of the model is replaced.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class SyncedBatchNorm(TorchFunctionMode):
    """Within, batch normalisation in training is that of all processes' images; collective, backward passes too.

    Where not `counts`, this process's images have no part in the statistics.
    """

    def __init__(self, counts: bool = True) -> None:
        super().__init__()
        self.counts = counts

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is functional.batch_norm:
            return _batch_norm(self.counts, *args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _batch_norm(
    counts: bool,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`torch.nn.functional.batch_norm`, whose names and defaults these are."""
    if not training:
        return functional.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    mean_C, var_C, count = _statistics(input.detach(), counts)
    if running_mean is not None and running_var is not None:
        running_mean.lerp_(mean_C.to(running_mean.dtype), momentum)
        running_var.lerp_((var_C * count / (count - 1)).to(running_var.dtype), momentum)
    normalised: Tensor = _Normalise.apply(input, mean_C, torch.rsqrt(var_C + eps), count, counts)
    if weight is not None:
        normalised = normalised * _by_channel(weight, input)
    if bias is not None:
        normalised = normalised + _by_channel(bias, input)
    return normalised.to(input.dtype)


def _statistics(input: Tensor, counts: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Mean [C], variance [C] (of the population) in float32, and the number of values in a channel, over all processes.

    Each sends its own, which are put together as Chan, Golub and LeVeque do (1983): no sum of squares is cancelled.
    """
    var_C, mean_C = torch.var_mean(input.float(), _others(input), correction=0)
    own = mean_C.new_tensor([input.numel() // input.shape[1] if counts else 0])
    received = [torch.empty(2 * len(mean_C) + 1, device=input.device) for _ in range(dist.get_world_size())]
    dist.all_gather(received, torch.cat([mean_C, var_C, own]))
    rows_PX, num_channels = torch.stack(received).double(), len(mean_C)
    means_PC, vars_PC = rows_PX[:, :num_channels], rows_PX[:, num_channels:-1]
    counts_P1 = rows_PX[:, -1:]
    count = counts_P1.sum()
    mean_C = (means_PC * counts_P1).sum(0) / count
    var_C = ((vars_PC + (means_PC - mean_C).square()) * counts_P1).sum(0) / count
    return mean_C.float(), var_C.float(), count.float()


class _Normalise(torch.autograd.Function):
    """`(input - mean) * scale` in float32, where mean and scale are functions of all processes' inputs."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, mean_C: Tensor, scale_C: Tensor, count: Tensor, counts: bool) -> Tensor:
        ctx.save_for_backward(input, mean_C, scale_C, count)
        ctx.counts = counts
        return (input.float() - _by_channel(mean_C, input)) * _by_channel(scale_C, input)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Ioffe and Szegedy 2015, section 3, with sums over all processes."""
        input, mean_C, scale_C, count = ctx.saved_tensors
        (grad,) = gradients
        normal = (input.float() - _by_channel(mean_C, input)) * _by_channel(scale_C, input)
        sums_2C = torch.stack([grad.sum(_others(input)), (grad * normal).sum(_others(input))])
        dist.all_reduce(sums_2C)
        if not ctx.counts:  # its values have moved neither mean nor scale
            return (grad * _by_channel(scale_C, input)).to(input.dtype), None, None, None, None
        by_mean, by_scale = (_by_channel(one, input) for one in sums_2C / count)
        back = (grad - by_mean - normal * by_scale) * _by_channel(scale_C, input)
        return back.to(input.dtype), None, None, None, None


def _others(input: Tensor) -> list[int]:
    """All dimensions but that of channels."""
    return [dim for dim in range(input.dim()) if dim != 1]


def _by_channel(values_C: Tensor, input: Tensor) -> Tensor:
    return values_C.view(1, -1, *[1] * (input.dim() - 2))
