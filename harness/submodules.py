# ruff: noqa: TID253
"""Small questions about the modules and the graph of a traced model."""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

RELUS = {functional.relu, torch.relu}


def put(model: nn.Module, name: str, module: nn.Module) -> None:
    """Let `module` take the place of the submodule `name`."""
    parent, _, leaf = name.rpartition(".")
    setattr(model.get_submodule(parent), leaf, module)


def num_calls(graph: fx.Graph, name: str) -> int:
    """How often the graph calls the submodule `name`."""
    return sum(node.op == "call_module" and node.target == name for node in graph.nodes)


def only_input(node: fx.Node) -> fx.Node | None:
    """The node that this one alone uses, if it uses nothing else."""
    before = node.all_input_nodes
    return before[0] if len(before) == 1 and len(before[0].users) == 1 else None


def is_relu(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    """Whether the node is a ReLU, as a module or as a function."""
    if node.op == "call_module":
        return type(modules[str(node.target)]) is nn.ReLU
    return node.op == "call_function" and node.target in RELUS


def evenly(images: Tensor, most: int) -> tuple[Tensor, ...]:
    """The images in as few parts as `most` in each allows, none much smaller than another: a small one costs most."""
    return torch.tensor_split(images, max(1, -(-len(images) // most)))
