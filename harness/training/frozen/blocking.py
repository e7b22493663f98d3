"""A backbone whose first layers see a few images at a time, so that what they make stays in a core's cache.

Their activations are the largest, 3 MB an image at 224 pixels, and their weights the smallest; in later layers it is
the other way round, and a few images would read the weights too often. Only rounding differs: which images a matrix
product takes at once decides in which order it sums.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx, nn

FIRST = "first_layers"
BLOCK_BYTES = 2.5 * 2**20  # of images: 4 of 224 pixels
SHRINK = 4  # the first layers end where an output's side is less than the images' by more than this factor


def in_blocks(model: nn.Module, graph: fx.Graph, one_1CHW: Tensor) -> nn.Module:
    """What `graph` computes with the modules of `model`, as a module; in one piece where no layer ends its high
    resolution.
    """
    cut = _Narrowing(model, graph).find(one_1CHW)
    if cut is None:
        return fx.GraphModule(model, graph)
    first, rest = fx.Graph(), fx.Graph()
    made: dict[fx.Node, fx.Node] = {}
    nodes = list(graph.nodes)
    split = nodes.index(cut) + 1
    for node in nodes[:split]:
        made[node] = first.node_copy(node, made.__getitem__)
    first.output(made[cut])
    made = {cut: rest.call_module(FIRST, (rest.placeholder("images_BCHW"),))}
    for node in nodes[split:]:
        made[node] = rest.node_copy(node, made.__getitem__)
    at_once = max(1, int(BLOCK_BYTES / (one_1CHW.numel() * one_1CHW.element_size())))
    model.add_module(FIRST, _Blocks(fx.GraphModule(model, first), at_once))
    return fx.GraphModule(model, rest)


class _Blocks(nn.Module):
    def __init__(self, layers: nn.Module, at_once: int) -> None:
        super().__init__()
        self.layers, self.at_once = layers, at_once

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return torch.cat([self.layers(images) for images in evenly(images_BCHW, self.at_once)])


class _Narrow(Exception):
    """Ends a forward pass at the first narrow node."""

    def __init__(self, node: fx.Node) -> None:
        super().__init__()
        self.node = node


class _Narrowing(fx.Interpreter):
    """Looks for the first node of low resolution that is all that later nodes use of earlier ones."""

    def __init__(self, model: nn.Module, graph: fx.Graph) -> None:
        copied = fx.GraphModule(model, graph)
        super().__init__(copied)
        self.necks, self.side = _necks(copied.graph), 0
        self.original = dict(zip(copied.graph.nodes, graph.nodes, strict=True))

    def find(self, one_1CHW: Tensor) -> fx.Node | None:
        self.side = one_1CHW.shape[2]
        try:
            self.run(one_1CHW)
        except _Narrow as narrow:
            node: fx.Node = self.original[narrow.node]
            return node
        return None

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if n in self.necks and isinstance(value, Tensor) and value.dim() == 4 and SHRINK * value.shape[2] < self.side:
            raise _Narrow(n)
        return value


def _necks(graph: fx.Graph) -> set[fx.Node]:
    """Nodes through which all goes that is computed after them."""
    nodes = list(graph.nodes)
    place = {node: index for index, node in enumerate(nodes)}
    necks, furthest = set(), 0
    for index, node in enumerate(nodes):
        if furthest <= index:
            necks.add(node)
        furthest = max(furthest, *(place[user] for user in node.users), 0)
    return necks


def evenly(images: Tensor, most: int) -> tuple[Tensor, ...]:
    """The images in as few parts as `most` in each allows, none much smaller than another: a small one costs most."""
    return torch.tensor_split(images, max(1, -(-len(images) // most)))
