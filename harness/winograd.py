# ruff: noqa: TID253
"""3 x 3 convolutions in fewer multiplications, in float32: Winograd's F(4 x 4, 3 x 3).

Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks", section 4.3. A tile of 4 x 4 outputs takes
36 multiplications a channel pair instead of 144. oneDNN's direct convolution already runs at the peak of the machine,
so a smaller sum is what is left: 1.5 to 1.8 times faster from 128 channels on, where the products outweigh the
transforms. Its largest error is 5e-6 of the largest output; the direct convolution's is 7e-7.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

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
    return (
        type(conv) is nn.Conv2d
        and (conv.kernel_size, conv.stride, conv.padding, conv.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))
        and (conv.groups, conv.padding_mode) == (1, "zeros")
        and min(conv.in_channels, conv.out_channels) >= LEAST_CHANNELS
        and (conv.weight.dtype, conv.weight.device.type) == (torch.float32, "cpu")
    )


class WinogradConv2d(nn.Module):
    """What `conv` computes, for inference; the convolution itself where images or batches are too small.

    Shapes: P points of the transform, T tiles, C channels in, D channels out.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv
        self.into_PP, self.out_of_QP = (_both_sides(matrix).float() for matrix in (INPUT, OUTPUT))
        into_PK = (_both_sides(WEIGHT) / 24**2).float()
        weight_KCD = conv.weight.detach().flatten(2).permute(2, 1, 0)
        self.weight_PCD = torch.mm(into_PK, weight_KCD.reshape(9, -1)).view(POINTS, *weight_KCD.shape[1:])

    def forward(self, images_BCHW: Tensor) -> Tensor:
        batch, _, height, width = images_BCHW.shape
        down, across = -(-height // TILE), -(-width // TILE)
        if batch * down * across < LEAST_TILES or height * width < TILE * TILE // 2 * down * across:
            outputs: Tensor = self.conv(images_BCHW)
            return outputs
        tiles = images_BCHW.new_empty(batch, down, TILE, across, TILE, self.conv.out_channels)
        at_once, rows = max(1, TILES_AT_ONCE // (down * across)), max(1, TILES_AT_ONCE // across)
        for images, made in zip(torch.split(images_BCHW, at_once), torch.split(tiles, at_once), strict=True):
            padded_BHWC = _padded(images, down, across)
            for top in range(0, down, rows):
                strip = made[:, top : top + rows]
                windows = _windows(padded_BHWC[:, TILE * top :], strip.shape[1], across)
                strip.permute(2, 4, 0, 1, 3, 5).copy_(self._tiles(windows, strip.shape))
        outputs_BHWD = tiles.view(batch, TILE * down, TILE * across, -1)[:, :height, :width]
        return outputs_BHWD.permute(0, 3, 1, 2)

    def _tiles(self, windows: Tensor, shape: torch.Size) -> Tensor:
        """The outputs [4, 4, B, down, across, D] of windows [36, tiles * C]."""
        batch, down, _, across, _, channels = shape
        points_PTC = torch.mm(self.into_PP, windows).view(POINTS, batch * down * across, -1)
        products_PTD = torch.bmm(points_PTC, self.weight_PCD)
        if self.conv.bias is not None:
            products_PTD[ONE] += self.conv.bias
        tiles_QTD = torch.mm(self.out_of_QP, products_PTD.view(POINTS, -1))
        return tiles_QTD.view(TILE, TILE, batch, down, across, channels)


def _padded(images_BCHW: Tensor, down: int, across: int) -> Tensor:
    """The images channels last, with the border that whole tiles need."""
    height, width = images_BCHW.shape[2:]
    border = (1, TILE * across + 1 - width, 1, TILE * down + 1 - height)
    return functional.pad(images_BCHW, border).permute(0, 2, 3, 1).contiguous()


def _windows(padded_BHWC: Tensor, down: int, across: int) -> Tensor:
    """The overlapping 6 x 6 windows of the first `down` rows of tiles, [36, tiles * channels]."""
    batch, _, _, channels = padded_BHWC.shape
    image, row, column, _ = padded_BHWC.stride()
    shape = (WINDOW, WINDOW, batch, down, across, channels)
    return padded_BHWC.as_strided(shape, (row, column, image, TILE * row, TILE * column, 1)).reshape(POINTS, -1)


def _both_sides(matrix: list[list[int]]) -> Tensor:
    """One matrix that does to flattened squares what `matrix` does to their rows and to their columns."""
    square = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(square, square)
