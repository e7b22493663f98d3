"""The order in which a model's weights lie in memory."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


def lay_out(model: nn.Module, memory_format: torch.memory_format) -> None:
    """Bring the weights of four dimensions into a layout, and leave all others as they are.

    `model.to(memory_format=torch.channels_last)` raises for weights of five, such as those of nn.Conv3d.
    """
    for tensor in chain(model.parameters(), model.buffers()):
        if tensor.dim() == 4:
            tensor.data = tensor.data.to(memory_format=memory_format)
