"""3 x 3 convolutions in fewer multiplications, in float32: Winograd's F(4 x 4, 3 x 3).

Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks", section 4.3. A tile of 4 x 4 outputs takes
36 multiplications a channel pair instead of 144. oneDNN's direct convolution already runs at the peak of the machine,
so a smaller sum is what is left: 1.5 to 1.8 times faster from 128 channels on, where the products outweigh the
transforms. Its largest error is 5e-6 of the largest output; the direct convolution's is 7e-7.
"""

from __future__ import annotations

from math import prod
from typing import TypeGuard

import torch
from torch import Tensor, nn

from harness.training.frozen.blocking import evenly

TILE, WINDOW = 4, 6  # outputs of a tile, and the inputs that they need, along each side
POINTS = WINDOW * WINDOW
ONE = WINDOW + 1  # the point (1, 1), at which a polynomial adds to all outputs of a tile alike
LEAST_CHANNELS = 128
LEAST_TILES = 16  # fewer do not pay for reading the weights, which are four times as large
TILES_AT_ONCE = 98  # that many stay in a core's cache

INPUT = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
         [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]  # fmt: skip
WEIGHT = [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]  # times 24
OUTPUT = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]


def pays(conv: nn.Module) -> bool:
    """Whether `conv` is a plain 3 x 3 convolution with enough channels, in float32 on the CPU."""
    return has_the_shape(conv) and (conv.weight.dtype, conv.weight.device.type) == (torch.float32, "cpu")


def has_the_shape(conv: nn.Module) -> TypeGuard[nn.Conv2d]:
    """As `pays`, wherever and in whatever format the weights are."""
    return (
        type(conv) is nn.Conv2d
        and (conv.kernel_size, conv.stride, conv.padding, conv.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))
        and (conv.groups, conv.padding_mode) == (1, "zeros")
        and min(conv.in_channels, conv.out_channels) >= LEAST_CHANNELS
    )


class Scratch:
    """Memory that the convolutions of one backbone use one after the other: the same again and again stays cached."""

    def __init__(self) -> None:
        self.kept: dict[object, Tensor] = {}

    def take(self, use: str, *shape: int) -> Tensor:
        """An uninitialised tensor, whose memory the next one for the same `use` takes over."""
        size = prod(shape)
        if use not in self.kept or self.kept[use].numel() < size:
            self.kept[use] = torch.empty(size)
        return self.kept[use][:size].view(shape)

    def padded(self, images_BCHW: Tensor, down: int, across: int) -> Tensor:
        """The images channels last, with the border of zeros that whole tiles need."""
        batch, *sides = images_BCHW.shape
        if tuple(sides) not in self.kept or len(self.kept[tuple(sides)]) < batch:
            self.kept[tuple(sides)] = torch.zeros(batch, TILE * down + 2, TILE * across + 2, sides[0])
        padded_BHWC = self.kept[tuple(sides)][:batch]
        padded_BHWC[:, 1 : 1 + sides[1], 1 : 1 + sides[2]] = images_BCHW.permute(0, 2, 3, 1)
        return padded_BHWC


class WinogradConv2d(nn.Module):
    """What `conv` computes, for inference; the convolution itself where images or batches are too small.

    `rectified` makes it end in a ReLU. Shapes: P points of the transform, T tiles, C channels in, D channels out.
    """

    def __init__(self, conv: nn.Conv2d, scratch: Scratch) -> None:
        super().__init__()
        self.conv, self.scratch, self.rectified = conv, scratch, False
        self.into_PP, self.out_of_QP = (_both_sides(matrix).float() for matrix in (INPUT, OUTPUT))
        into_PK = (_both_sides(WEIGHT) / 24**2).float()
        weight_KCD = conv.weight.detach().flatten(2).permute(2, 1, 0)
        self.weight_PCD = torch.mm(into_PK, weight_KCD.reshape(9, -1)).view(POINTS, *weight_KCD.shape[1:])

    def forward(self, images_BCHW: Tensor) -> Tensor:
        batch, _, height, width = images_BCHW.shape
        down, across = -(-height // TILE), -(-width // TILE)
        if batch * down * across < LEAST_TILES or height * width < TILE * TILE // 2 * down * across:
            outputs: Tensor = self.conv(images_BCHW)
            return outputs.relu_() if self.rectified else outputs
        tiles = images_BCHW.new_empty(batch, down, TILE, across, TILE, self.conv.out_channels)
        at_once, rows = max(1, TILES_AT_ONCE // (down * across)), max(1, TILES_AT_ONCE // across)
        for images, made in zip(evenly(images_BCHW, at_once), evenly(tiles, at_once), strict=True):
            padded_BHWC = self.scratch.padded(images, down, across)
            for top in range(0, down, rows):
                strip = made[:, top : top + rows]
                self._compute(padded_BHWC[:, TILE * top :], strip.permute(2, 4, 0, 1, 3, 5))
        outputs_BHWD = tiles.view(batch, TILE * down, TILE * across, -1)[:, :height, :width]
        return outputs_BHWD.permute(0, 3, 1, 2)

    def _compute(self, padded_BHWC: Tensor, place: Tensor) -> None:
        """Write the outputs [4, 4, B, down, across, D] of the first rows of tiles to their place."""
        batch, down, across, channels_out = place.shape[2:]
        num_tiles, channels = batch * down * across, padded_BHWC.shape[3]
        take = self.scratch.take
        windows = take("windows", WINDOW, WINDOW, batch, down, across, channels)
        windows.copy_(_windows(padded_BHWC, windows.shape))
        points_PN = take("points", POINTS, num_tiles * channels)
        torch.mm(self.into_PP, windows.view(POINTS, -1), out=points_PN)
        products_PTD = take("products", POINTS, num_tiles, channels_out)
        torch.bmm(points_PN.view(POINTS, num_tiles, channels), self.weight_PCD, out=products_PTD)
        if self.conv.bias is not None:
            products_PTD[ONE] += self.conv.bias
        sums = take("sums", TILE * TILE, num_tiles * channels_out)
        made = torch.mm(self.out_of_QP, products_PTD.view(POINTS, -1), out=sums).view(place.shape)
        if self.rectified:
            torch.clamp_min(made, 0, out=place)
        else:
            place.copy_(made)


def _windows(padded_BHWC: Tensor, shape: torch.Size) -> Tensor:
    """The overlapping windows [6, 6, B, down, across, C] of the first `down` rows of tiles."""
    image, row, column, channel = padded_BHWC.stride()
    return padded_BHWC.as_strided(shape, (row, column, image, TILE * row, TILE * column, channel))


def _both_sides(matrix: list[list[int]]) -> Tensor:
    """One matrix that does to flattened squares what `matrix` does to their rows and to their columns."""
    square = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(square, square)
