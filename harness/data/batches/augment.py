"""Random views of training images: `--aug basic` is a rotation, a resized crop and a horizontal flip.

All three are one affine map, sampled once, for a whole block of images. An image's map depends on
(seed, epoch, position in the epoch) only: neither on the batch size nor on any global generator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from harness.data.batches.order import generator

DEGREES = 10.0
SCALE = (0.8, 1.0)  # share of the area that a crop keeps
RATIO = (3 / 4, 4 / 3)  # width to height of a crop
NUM_DRAWS = 6  # angle, area, ratio, left, top, flip


def draw(num_images: int, seed: int, epoch: int) -> Tensor:
    """Uniform numbers [N, 6] for the images of an epoch, in the order in which it visits them."""
    return torch.rand(num_images, NUM_DRAWS, generator=generator("augment", seed, epoch))


def basic(pixels_NCHW: Tensor, draws_N6: Tensor) -> Tensor:
    """Pixels as floats on the scale they came in; what lies outside the image is black."""
    maps_N23 = affine_maps(draws_N6).to(pixels_NCHW.device)
    grid = functional.affine_grid(maps_N23, list(pixels_NCHW.shape), align_corners=False)
    return functional.grid_sample(pixels_NCHW.float(), grid, mode="bilinear", align_corners=False)


def affine_maps(draws_N6: Tensor) -> Tensor:
    """From a place in the new image to its source: flip, then the crop's window, then the rotation. [N, 2, 3]"""
    angle, area, ratio, left, top, flip = draws_N6.unbind(1)
    radians = (2 * angle - 1) * math.radians(DEGREES)
    kept = SCALE[0] + (SCALE[1] - SCALE[0]) * area
    aspect = (math.log(RATIO[0]) + (math.log(RATIO[1]) - math.log(RATIO[0])) * ratio).exp()
    width = (kept * aspect).sqrt().clamp(max=1)
    height = (kept / aspect).sqrt().clamp(max=1)
    centre_x = (2 * left - 1) * (1 - width)
    centre_y = (2 * top - 1) * (1 - height)
    mirrored = torch.where(flip < 0.5, -width, width)
    cos, sin = radians.cos(), radians.sin()
    rows = [
        torch.stack([cos * mirrored, -sin * height, cos * centre_x - sin * centre_y], 1),
        torch.stack([sin * mirrored, cos * height, sin * centre_x + cos * centre_y], 1),
    ]
    return torch.stack(rows, 1)


AUGMENTATIONS = {"none": None, "basic": basic}
