"""Resizing of images that are tensors already: antialiased, uint8 in and out, rounded and not cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from harness.data.pixels.decode import crop_offset, resized_sides

if TYPE_CHECKING:
    from harness.data.pixels.geometry import Geometry

LUMA = (0.299, 0.587, 0.114)  # ITU-R 601, as Pillow converts to grey
ANTIALIASED = {"bilinear", "bicubic"}


def needs_resize(shape: tuple[int, ...], geometry: Geometry) -> bool:
    """Whether images [N, C, H, W] differ from what `geometry` stores."""
    return shape[1:] != (geometry.stored_channels, geometry.size, geometry.size) or (
        geometry.short_side != geometry.size
    )


def resize(pixels_NCHW: Tensor, geometry: Geometry) -> Tensor:
    """Short side resized and centre cropped, uint8 [N, C, S, S]."""
    grey = _to_grey(pixels_NCHW) if pixels_NCHW.shape[1] > geometry.stored_channels else pixels_NCHW
    height, width = grey.shape[-2:]
    new_width, new_height = resized_sides(width, height, geometry.short_side)
    if (new_width, new_height) != (width, height):
        grey = _interpolate(grey, (new_height, new_width), geometry.interpolation)
    top, left = crop_offset(new_height, geometry.size), crop_offset(new_width, geometry.size)
    return grey[..., top : top + geometry.size, left : left + geometry.size].contiguous()


def _interpolate(pixels_NCHW: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    # torch knows no lanczos; bicubic is its nearest kin.
    mode = {"lanczos": "bicubic"}.get(interpolation, interpolation)
    floats = functional.interpolate(pixels_NCHW.float(), size, mode=mode, antialias=mode in ANTIALIASED)
    return floats.round_().clamp_(0, 255).to(torch.uint8)


def _to_grey(pixels_NCHW: Tensor) -> Tensor:
    weights = torch.tensor(LUMA, device=pixels_NCHW.device).view(3, 1, 1)
    return (pixels_NCHW.float() * weights).sum(1, keepdim=True).round_().to(torch.uint8)
