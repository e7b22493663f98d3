"""Images that are tensors, resized and cropped as files are: uint8 in and out, rounded and not cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from harness.data.pixels.crop import RESAMPLING
from harness.data.pixels.geometry import crop_offset, resized_sides

if TYPE_CHECKING:
    from harness.data.pixels.geometry import Geometry

LUMA = (0.299, 0.587, 0.114)  # ITU-R 601, as Pillow converts to grey
ANTIALIASED = {"bilinear", "bicubic"}
# torch's plain "nearest" takes the corner of each pixel, Pillow's the middle.
TORCH_MODES = {name: name for name in ("bilinear", "bicubic", "nearest-exact")} | {"nearest": "nearest-exact"}


def needs_resize(shape: tuple[int, ...], geometry: Geometry) -> bool:
    """Whether images [N, C, H, W] differ from what `geometry` stores."""
    return shape[1:] != (geometry.stored_channels, geometry.size, geometry.size) or (
        geometry.short_side != geometry.size
    )


def resize(pixels_NCHW: Tensor, geometry: Geometry) -> Tensor:
    """Resized and cropped, uint8 [N, C, S, S]."""
    stored = _in_channels(pixels_NCHW, geometry.stored_channels)
    height, width = stored.shape[-2:]
    new_width, new_height = resized_sides(width, height, geometry)
    if (new_width, new_height) != (width, height):
        stored = _interpolate(stored, (new_height, new_width), geometry)
    return _cropped(stored, geometry)


def _interpolate(pixels_NCHW: Tensor, size: tuple[int, int], geometry: Geometry) -> Tensor:
    mode = TORCH_MODES.get(geometry.interpolation)
    if mode is None:
        return _by_pillow(pixels_NCHW, size, RESAMPLING[geometry.interpolation])
    antialias = geometry.antialias and mode in ANTIALIASED
    if antialias and mode == "bicubic":
        # On bytes: Pillow cuts off at 0 and 255 between its two passes, and floats come out up to 19 levels apart.
        return functional.interpolate(pixels_NCHW.contiguous(), size, mode=mode, antialias=True)
    floats = functional.interpolate(pixels_NCHW.float(), size, mode=mode, antialias=antialias)
    return floats.round_().clamp_(0, 255).to(torch.uint8)


def _by_pillow(pixels_NCHW: Tensor, size: tuple[int, int], resampling: Image.Resampling) -> Tensor:
    """Filters that torch does not have, channel by channel."""
    planes = pixels_NCHW.flatten(0, 1).numpy(force=True)
    resized = [np.asarray(Image.fromarray(plane).resize(size[::-1], resampling)) for plane in planes]
    return torch.from_numpy(np.stack(resized)).view(*pixels_NCHW.shape[:2], *size).to(pixels_NCHW.device)


def _cropped(pixels_NCHW: Tensor, geometry: Geometry) -> Tensor:
    size, (height, width) = geometry.size, pixels_NCHW.shape[-2:]
    top, left = crop_offset(height, size), crop_offset(width, size)
    inside = pixels_NCHW[..., max(top, 0) : max(top, 0) + size, max(left, 0) : max(left, 0) + size]
    if inside.shape[-2:] == (size, size):
        return inside.contiguous()
    fill = pixels_NCHW.new_tensor(geometry.fill or (0,)).view(-1, 1, 1)
    square = fill.expand(*pixels_NCHW.shape[:2], size, size).clone()
    below, right = max(-top, 0), max(-left, 0)
    square[..., below : below + inside.shape[-2], right : right + inside.shape[-1]] = inside
    return square


def _in_channels(pixels_NCHW: Tensor, num_channels: int) -> Tensor:
    """Colour as luma, or grey repeated, where other than its own channels are stored."""
    if pixels_NCHW.shape[1] == num_channels:
        return pixels_NCHW
    if num_channels != 1:
        return pixels_NCHW.expand(-1, num_channels, -1, -1)
    weights = torch.tensor(LUMA, device=pixels_NCHW.device).view(3, 1, 1)
    return (pixels_NCHW.float() * weights).sum(1, keepdim=True).round_().to(torch.uint8)
