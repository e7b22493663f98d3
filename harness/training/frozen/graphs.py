"""The graph of a model's operations as far as its head, and small questions about it and its modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import fx, nn
from torch.nn import functional

if TYPE_CHECKING:
    from zoo.heads import Head

RELUS = {functional.relu, torch.relu}
# Stay whole, as torch's own do, where a library derives its own from them: timm's "same" padding asks for an image's
# size, which has no answer without an image.
LAYERS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)


class Tracer(fx.Tracer):
    """Follows a model's operations as far as its head, which stays whole: hooks on it must be called."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.whole = set(head.tap)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        whole = module_qualified_name in self.whole or isinstance(m, LAYERS)
        return whole or super().is_leaf_module(m, module_qualified_name)


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


def is_call(node: fx.Node, modules: dict[str, nn.Module], kind: type[nn.Module]) -> bool:
    """Whether the node calls a module of this very class: a subclass may compute something else."""
    return node.op == "call_module" and type(modules[str(node.target)]) is kind


def is_relu(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    """Whether the node is a ReLU, as a module or as a function."""
    return is_call(node, modules, nn.ReLU) or (node.op == "call_function" and node.target in RELUS)
