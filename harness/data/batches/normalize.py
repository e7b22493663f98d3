"""uint8 pixels into normalised floats, in bulk, bit for bit as torchvision's ToTensor and Normalize do it."""

from __future__ import annotations

import torch
from torch import Tensor


class Normalizer:
    """`(pixels / 255 - mean) / std` in `channels` channels; a single stored channel is repeated."""

    def __init__(
        self,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        channels: int,
        device: torch.device,
        memory_format: torch.memory_format = torch.contiguous_format,
    ) -> None:
        self.memory_format = memory_format
        self.mean_C11 = _per_channel(mean, channels, device)
        self.std_C11 = _per_channel(std, channels, device)
        # A tensor, since CUDA multiplies by the reciprocal of a plain number, which differs in the last bit.
        self.full_scale = torch.tensor(255.0, device=device)

    def __call__(self, pixels_NCHW: Tensor) -> Tensor:
        """Floats in new memory, [N, `channels`, H, W], from pixels 0..255 of any dtype."""
        # torchvision's three steps in its order; fusing them into one multiply-add changes the last bit.
        scaled = pixels_NCHW.to(torch.float32, copy=True).div_(self.full_scale)
        grows = scaled.shape[1] != len(self.mean_C11)
        centred = scaled.sub(self.mean_C11) if grows else scaled.sub_(self.mean_C11)
        # The layout comes last: arithmetic on three channels side by side is three times slower on a CPU.
        return centred.div_(self.std_C11).contiguous(memory_format=self.memory_format)


def _per_channel(values: tuple[float, ...], channels: int, device: torch.device) -> Tensor:
    repeated = values * channels if len(values) == 1 else values
    if len(repeated) != channels:
        raise ValueError(f"{len(values)} normalisation values for {channels} channels")
    return torch.tensor(repeated, dtype=torch.float32, device=device).view(-1, 1, 1)
