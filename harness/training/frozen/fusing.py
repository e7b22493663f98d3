"""Convolutions that add and rectify what they computed while a core still holds it: one pass instead of three.

oneDNN can do so, and torch keeps it for its compiler, as `mkldnn::_convolution_pointwise`; a torch without that
operation has its convolutions, sums and ReLUs left as they are.
"""

from __future__ import annotations

import operator

import torch
from torch import Tensor, fx, nn

from harness.training.frozen.graphs import is_call, is_relu, num_calls, only_input, put
from harness.training.frozen.winograd import WinogradConv2d

SUMS = {operator.add, operator.iadd, torch.add}


class RectifiedConv2d(nn.Module):
    """relu(conv(images)), or relu(conv(images) + added), for inference in float32 on the CPU."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, images_BCHW: Tensor, added_BDHW: Tensor | None = None) -> Tensor:
        conv, operation = self.conv, torch.ops.mkldnn._convolution_pointwise
        settings = conv.weight, conv.bias, conv.padding, conv.stride, conv.dilation, conv.groups
        if added_BDHW is None:
            outputs: Tensor = operation(images_BCHW, *settings, "relu", [], "")
        elif added_BDHW.shape[2:] == (1, 1):  # which the operation of torch 2.6 cannot add
            outputs = (conv(images_BCHW) + added_BDHW).relu_()
        else:
            outputs = operation.binary(images_BCHW, added_BDHW, *settings, "add", 1.0, "relu", [], "")
        return outputs


def rectify_in_convolutions(model: nn.Module, graph: fx.Graph) -> None:
    """Rewrite `graph`, and the modules of `model` that it calls, wherever only a ReLU uses a convolution or its sum."""
    if not hasattr(torch.ops.mkldnn, "_convolution_pointwise"):
        return
    modules = dict(model.named_modules())
    _erase_identities(graph, modules)
    for relu in list(graph.nodes):
        before = only_input(relu) if is_relu(relu, modules) else None
        terms = [] if before is None else _terms(before)
        conv = next((node for node in terms if _is_fusible(node, graph, modules, alone=len(terms) == 1)), None)
        if conv is None:
            continue
        others = [node for node in terms if node is not conv]
        with graph.inserting_before(relu):
            fused = graph.call_module(str(conv.target), (*conv.args, *others))
        relu.replace_all_uses_with(fused)
        # From the last back to the first: a node that another uses cannot be erased.
        for node in dict.fromkeys((relu, before, conv)):
            graph.erase_node(node)
        _rectify(model, str(conv.target))


def _erase_identities(graph: fx.Graph, modules: dict[str, nn.Module]) -> None:
    """Take out what folded batch-norms left: a ReLU then follows its convolution."""
    for node in list(graph.nodes):
        if is_call(node, modules, nn.Identity):
            node.replace_all_uses_with(node.all_input_nodes[0])
            graph.erase_node(node)


def _terms(node: fx.Node) -> list[fx.Node]:
    """The two nodes of a sum; of anything else itself."""
    is_sum = node.op == "call_function" and node.target in SUMS and not node.kwargs
    return node.all_input_nodes if is_sum and len(node.all_input_nodes) == 2 else [node]


def _is_fusible(node: fx.Node, graph: fx.Graph, modules: dict[str, nn.Module], *, alone: bool) -> bool:
    if node.op != "call_module" or len(node.users) != 1 or num_calls(graph, str(node.target)) != 1:
        return False
    module = modules[str(node.target)]
    if isinstance(module, WinogradConv2d):
        return alone
    in_float32 = type(module) is nn.Conv2d and module.weight.dtype == torch.float32
    return in_float32 and module.padding_mode == "zeros" and not isinstance(module.padding, str)


def _rectify(model: nn.Module, name: str) -> None:
    module = model.get_submodule(name)
    if isinstance(module, WinogradConv2d):
        module.rectified = True
    else:
        assert isinstance(module, nn.Conv2d)
        put(model, name, RectifiedConv2d(module))
