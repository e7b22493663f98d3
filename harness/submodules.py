# ruff: noqa: TID253
"""Small questions about the modules of a traced model."""

from __future__ import annotations

from torch import fx, nn


def put(model: nn.Module, name: str, module: nn.Module) -> None:
    """Let `module` take the place of the submodule `name`."""
    parent, _, leaf = name.rpartition(".")
    setattr(model.get_submodule(parent), leaf, module)


def num_calls(graph: fx.Graph, name: str) -> int:
    """How often the graph calls the submodule `name`."""
    return sum(node.op == "call_module" and node.target == name for node in graph.nodes)
