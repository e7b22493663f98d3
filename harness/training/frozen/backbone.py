"""A frozen backbone made ready for one fast pass: a channels-last copy, batch-norm folded into convolutions.

On a CPU the graph of its operations is rewritten too. Pooling goes before pointwise convolutions (pooling.py), and the
first layers see a few images at a time (blocking.py). In float32 batch-norm before a convolution is a clamp
(clamping.py), large convolutions take fewer multiplications (winograd.py), and others add and rectify by themselves
(fusing.py). In mixed precision the weights of convolutions and linear layers are converted once: autocast would do it
at each call, for it keeps copies only of weights that train.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from harness.training.frozen import winograd
from harness.training.frozen.blocking import FIRST, in_blocks
from harness.training.frozen.clamping import Clamp, clamp_before_convolutions
from harness.training.frozen.fusing import RectifiedConv2d, rectify_in_convolutions
from harness.training.frozen.graphs import Tracer, num_calls, put
from harness.training.frozen.pooling import pool_first
from zoo.errors import first_line
from zoo.heads import tap
from zoo.manager.float32 import exact_float32
from zoo.memory_layout import lay_out

if TYPE_CHECKING:
    from zoo.heads import Head

# Folding reorders float32 arithmetic: 1e-6 was measured; a wrong fold is off by far more than this.
TOLERANCE = 1e-3
MOST_WORDS = 120


def fast_backbone(
    model: nn.Module,
    head: Head,
    images_BCHW: Tensor,
    dtype: torch.dtype | None = None,
    note: Callable[[str], None] = lambda text: None,
    known: tuple[Tensor, Tensor] | None = None,
) -> Backbone:
    """A function from images to the features that enter the head; to be called under autocast if `dtype` is given.

    The faster copy is used where it gives the plain backbone's features on the first image, else the plain one, and
    `note` is told; either says in `ran` what it is. `known` are an image and its plain features, where they were made
    already, in full float32.
    """
    plain, one_1CHW = Backbone(model.eval(), head), images_BCHW[:1]
    try:
        duplicate = _duplicate(model).eval()
        graph = Tracer(head).trace(duplicate)
        num_folded = _fold(duplicate, graph)
        on_cpu = images_BCHW.device.type == "cpu"
        if dtype is None and on_cpu:
            clamp_before_convolutions(duplicate, graph)
        num_pooled = pool_first(duplicate, graph)
        lay_out(duplicate, torch.channels_last)
        if dtype is None:
            _replace_large_convolutions(duplicate)
        if dtype is None and on_cpu:
            rectify_in_convolutions(duplicate, graph)
        # Counted before the graph takes over: it holds the modules that it calls, and no other.
        counts = {"batch-norms folded": num_folded, "poolings first": num_pooled, **_counts(duplicate)}
        fast = Backbone(in_blocks(duplicate, graph, one_1CHW) if on_cpu else duplicate, head)
        fast.ran = _rewritten(counts, fast.model)
        with exact_float32():  # TF32 alone would move features by more than a right copy does
            image, features = known or (one_1CHW, plain(one_1CHW))
            same = torch.allclose(fast(image), features, rtol=TOLERANCE, atol=TOLERANCE)
        if dtype is not None:
            _convert(duplicate, dtype)
            with torch.autocast(images_BCHW.device.type, dtype):
                fast(one_1CHW)
    except Exception as error:  # a model that cannot be copied or traced has its plain backbone, always right
        plain.ran = f"as it is: {type(error).__name__}: {first_line(error)[:MOST_WORDS]}"
        note(f"its frozen backbone has no faster copy ({type(error).__name__}): it runs as it is")
        return plain
    if not same:
        plain.ran = "as it is: the faster copy gives other features"
        note("the faster copy of its frozen backbone gives other features: it runs as it is")
    return fast if same else plain


def _duplicate(model: nn.Module) -> nn.Module:
    """A copy with parameters of its own on the same memory: each that changes here is replaced, and none written to."""
    shared = {id(one): nn.Parameter(one.detach(), requires_grad=False) for one in model.parameters()}
    return copy.deepcopy(model, shared)


class Backbone:
    """Runs a model as far as its head. `ran` says which rewriting that is, or why there is none."""

    def __init__(self, model: nn.Module, head: Head) -> None:
        self.model, self.head, self.ran = model, head, "as it is"

    def __call__(self, images_BCHW: Tensor) -> Tensor:
        return tap.features(self.model, self.head, images_BCHW)


def _counts(model: nn.Module) -> dict[str, int]:
    """How many modules of each kind have taken another's place."""
    kinds = [type(module) for module in model.modules()]
    return {
        "clamps": kinds.count(Clamp),
        "convolutions by Winograd": kinds.count(winograd.WinogradConv2d),
        "convolutions that rectify": kinds.count(RectifiedConv2d),
    }


def _rewritten(counts: Mapping[str, int], model: nn.Module) -> str:
    parts = ["channels last", *(f"{count} {what}" for what, count in counts.items() if count)]
    parts += ["first layers in blocks"] if hasattr(model, FIRST) else []
    return f"rewritten: {', '.join(parts)}"


def _fold(model: nn.Module, graph: fx.Graph) -> int:
    """Fold every batch-norm that directly follows a convolution into it; returns how many these were."""
    pairs = _foldable(model, graph)
    for conv_name, norm_name in pairs:
        conv, norm = model.get_submodule(conv_name), model.get_submodule(norm_name)
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        put(model, conv_name, fuse_conv_bn_eval(conv, norm))
        put(model, norm_name, nn.Identity())
    return len(pairs)


def _foldable(model: nn.Module, graph: fx.Graph) -> list[tuple[str, str]]:
    """Names of (convolution, batch-norm) where the one's output goes to the other and nowhere else, each used once."""
    modules = dict(model.named_modules())
    pairs = []
    for node in graph.nodes:
        before = node.args[0] if node.op == "call_module" and node.args else None
        if not isinstance(before, fx.Node) or before.op != "call_module" or len(before.users) != 1:
            continue
        names = str(before.target), str(node.target)
        exact = type(modules[names[0]]) is nn.Conv2d and type(modules[names[1]]) is nn.BatchNorm2d
        if exact and all(num_calls(graph, name) == 1 for name in names):
            pairs.append(names)
    return pairs


def _replace_large_convolutions(model: nn.Module) -> None:
    scratch = winograd.Scratch()
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Conv2d) and winograd.pays(module):
            put(model, name, winograd.WinogradConv2d(module, scratch))


def _convert(model: nn.Module, dtype: torch.dtype) -> None:
    """Give the weights that autocast would convert the number format that it would convert them to."""
    for module in model.modules():
        if type(module) in (nn.Conv2d, nn.Linear):
            module.to(dtype)
