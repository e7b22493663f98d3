"""Batch-norm and ReLU before a convolution as one clamp.

relu(w x + b) = w max(x, -b / w) + b for a positive w, and min for a negative one: w and b then go into the convolution,
where it pads with nothing. In densenet121 two passes over all channels of a block, in each of its layers, become one.
The convolution sums other numbers: features move by 1e-6 in float32; in fewer bits b would cost digits.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, fx, nn

from harness.training.frozen.graphs import is_relu, num_calls, only_input, put


class Clamp(nn.Module):
    """Every channel between its two limits; `inplace` where nothing else uses the input."""

    def __init__(self, low_C: Tensor, high_C: Tensor, *, inplace: bool) -> None:
        super().__init__()
        self.low_1C11, self.high_1C11 = low_C.view(1, -1, 1, 1), high_C.view(1, -1, 1, 1)
        self.inplace = inplace

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return torch.clamp(images_BCHW, self.low_1C11, self.high_1C11, out=images_BCHW if self.inplace else None)


def clamp_before_convolutions(model: nn.Module, graph: fx.Graph) -> None:
    """Rewrite `graph`, and the modules of `model` that it calls, wherever a batch-norm and a ReLU allow it."""
    modules = dict(model.named_modules())
    for node in list(graph.nodes):
        relu = only_input(node)
        norm_node = only_input(relu) if relu is not None and is_relu(relu, modules) else None
        if relu is None or norm_node is None or node.op != "call_module" or norm_node.op != "call_module":
            continue
        names = str(norm_node.target), str(node.target)
        norm, conv = modules[names[0]], modules[names[1]]
        if not (_is_plain_norm(norm) and _pads_nothing(conv)) or any(num_calls(graph, name) > 1 for name in names):
            continue
        assert isinstance(norm, nn.BatchNorm2d)
        assert isinstance(conv, nn.Conv2d)
        joined = only_input(norm_node)  # a concatenation is new, and its input is nobody else's
        clamp, folded = _folded(norm, conv, inplace=joined is not None and joined.target is torch.cat)
        put(model, names[0], clamp)
        put(model, names[1], folded)
        relu.replace_all_uses_with(norm_node)
        graph.erase_node(relu)


def _is_plain_norm(norm: nn.Module) -> bool:
    return type(norm) is nn.BatchNorm2d and norm.track_running_stats and norm.affine


def _pads_nothing(conv: nn.Module) -> bool:
    return type(conv) is nn.Conv2d and conv.padding == (0, 0) and conv.groups == 1


def _folded(norm: nn.BatchNorm2d, conv: nn.Conv2d, *, inplace: bool) -> tuple[Clamp, nn.Conv2d]:
    """The clamp in place of `norm` and its ReLU, and the convolution that also does what is left of `norm`."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale_C = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    shift_C = norm.bias.double() - norm.running_mean.double() * scale_C
    turn_C = -shift_C / scale_C
    nothing, endless = torch.zeros_like(scale_C), torch.full_like(scale_C, torch.inf)
    low_C = torch.where(scale_C > 0, turn_C, torch.where(scale_C < 0, -endless, nothing))
    high_C = torch.where(scale_C < 0, turn_C, torch.where(scale_C > 0, endless, nothing))
    rest_C = torch.where(scale_C == 0, shift_C.relu(), shift_C)
    weight_DCHW = conv.weight.double()
    bias_D = (weight_DCHW * rest_C.view(1, -1, 1, 1)).sum((1, 2, 3))
    folded, dtype = copy.deepcopy(conv), conv.weight.dtype
    folded.weight = nn.Parameter((weight_DCHW * scale_C.view(1, -1, 1, 1)).to(dtype), requires_grad=False)
    bias_D = bias_D if conv.bias is None else bias_D + conv.bias.double()
    folded.bias = nn.Parameter(bias_D.to(dtype), requires_grad=False)
    return Clamp(low_C.to(dtype), high_C.to(dtype), inplace=inplace), folded
