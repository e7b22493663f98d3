"""Average pooling moved before the pointwise convolution that it follows: a quarter of the pixels to convolve.

Both are linear, and every pixel of the one has the same weight in the other; only rounding differs. The transitions of
densenets are built so.
"""

from __future__ import annotations

from torch import fx, nn

from harness.training.frozen.graphs import is_call, only_input


def pool_first(model: nn.Module, graph: fx.Graph) -> int:
    """Rewrite `graph` wherever only an average pooling uses a pointwise convolution; returns how often that was."""
    modules, num_moved = dict(model.named_modules()), 0
    for pool in list(graph.nodes):
        conv = only_input(pool) if is_call(pool, modules, nn.AvgPool2d) else None
        if conv is None or not is_call(conv, modules, nn.Conv2d):
            continue
        pooling, convolution = modules[str(pool.target)], modules[str(conv.target)]
        assert isinstance(pooling, nn.AvgPool2d)
        assert isinstance(convolution, nn.Conv2d)
        if not (_weighs_equally(pooling) and _is_pointwise(convolution)):
            continue
        with graph.inserting_after(pool):
            after = graph.call_module(str(conv.target))
        # Before `after` gets its input, which would else be replaced by itself.
        pool.replace_all_uses_with(after)
        after.args, pool.args = (pool,), conv.args
        graph.erase_node(conv)
        num_moved += 1
    return num_moved


def _weighs_equally(pool: nn.AvgPool2d) -> bool:
    """Whether the weights of every window sum to one, as a bias needs it."""
    return pool.padding in (0, (0, 0)) and not pool.ceil_mode and pool.divisor_override is None


def _is_pointwise(conv: nn.Conv2d) -> bool:
    return conv.kernel_size == conv.stride == (1, 1) and conv.padding == (0, 0)
