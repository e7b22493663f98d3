"""Running a model to look at it, and leaving no trace."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn


@contextmanager
def mode(model: nn.Module, training: bool) -> Iterator[None]:
    """Put every module in train or eval mode; afterwards give each its own mode back."""
    before = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, was_training in before:
            module.training = was_training


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Restore buffers (batch-norm statistics) and the random state of the CPU afterwards."""
    import torch

    before = [(buffer, buffer.detach().clone()) for buffer in model.buffers() if not buffer.is_meta]
    with torch.random.fork_rng(devices=[]):  # by itself it would start every accelerator, to read its state
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, value in before:
                    if not torch.equal(buffer, value):
                        buffer.copy_(value)


def probe_images(model: nn.Module, shape: tuple[int, int, int], batch: int = 2) -> Tensor:
    """Reproducible random images [batch, C, H, W] where the model's parameters are, in their precision."""
    import torch

    like = next((p for p in model.parameters() if p.is_floating_point()), torch.empty(0))
    if like.is_meta:
        return torch.empty(batch, *shape, device="meta", dtype=like.dtype)
    images = torch.rand(batch, *shape, generator=torch.Generator().manual_seed(0))
    return images.to(like.device, like.dtype)
