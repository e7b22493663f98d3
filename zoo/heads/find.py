"""Finding the classifier: the last layers through which everything in the output has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.heads.head import Head
from zoo.heads.trace import same_as_output

if TYPE_CHECKING:
    from torch import nn

    from zoo.heads.trace import Trace

# A path that meets one of these before a classifier carries features, not class scores.
_MIXING = ("NativeLayerNorm", "NativeBatchNorm", "NativeGroupNorm", "CudnnBatchNorm", "MiopenBatchNorm",
           "FusedRmsNorm", "Rsqrt", "Convolution", "Addmm", "Mm", "Bmm", "ScaledDotProduct", "Embedding")  # fmt: skip


def find(model: nn.Module, trace: Trace, hint: str | None, num_classes: int) -> Head:
    """The classifier of `model`, by `hint` (a module's dotted name) or by the way the output was made."""
    candidates = last_layers(model, trace, through=trace.output.shape[1] == num_classes)
    names = _under(hint, candidates, model, trace) if hint else candidates
    if not names:
        raise _headless(model, trace)
    name = hint or _library_name(model, names[0]) or names[0]
    width = in_features(model.get_submodule(names[0])) or trace.input_widths.get(names[0], 0)
    return Head(name=name, type=type(model.get_submodule(name)).__name__, names=names, in_features=width)


def last_layers(model: nn.Module, trace: Trace, *, through: bool) -> tuple[str, ...]:
    """Names of the linear and convolution layers that made the output, in the order in which they ran.

    With `through` the search goes on behind normalisation and the like: the output already has one column a
    class, so a layer as wide as it can be nothing but a classifier.
    """
    width = trace.output.shape[1]
    layers = [name for name in trace.made if out_features(model.get_submodule(name)) == width]
    owner = {node: name for name in layers for node in trace.made[name] if node is not None}
    reached = _reached(trace.output.grad_fn, owner, through)
    return tuple(name for name in layers if name in reached)


def _reached(start: Any, owner: dict[Any, str], through: bool) -> set[str]:
    """Walk the graph back from the output, each path up to the first layer that owns a node."""
    reached, seen, stack = set(), set(), [start]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node in owner:
            reached.add(owner[node])
        elif through or not node.name().startswith(_MIXING):
            stack.extend(next_node for next_node, _ in node.next_functions)
    return reached


def _under(hint: str, candidates: tuple[str, ...], model: nn.Module, trace: Trace) -> tuple[str, ...]:
    inside = tuple(name for name in candidates if f"{name}.".startswith(f"{hint}."))
    if inside:
        return inside
    if hint in trace.made and any(node in same_as_output(trace.output) for node in trace.made[hint] if node):
        return (hint,)
    known = "does not reach the output" if hint in dict(model.named_modules()) else "does not exist"
    source = f"the output of {type(model).__name__} comes from {', '.join(candidates) or 'no linear layer'}"
    raise ZooError(f"head {hint!r} {known}: {source}", "name one of these in ModelSpec(head=...)")


def _library_name(model: nn.Module, layer: str) -> str | None:
    """The module that a library's `get_classifier` calls the classifier, where it holds `layer`."""
    get_classifier = getattr(model, "get_classifier", None)
    if not callable(get_classifier):
        return None
    modules = get_classifier()
    modules = modules if isinstance(modules, tuple | list) else (modules,)
    names: dict[int, str] = {id(module): name for name, module in model.named_modules() if name}
    for module in modules:
        name = names.get(id(module))
        if name and f"{layer}.".startswith(f"{name}."):
            return name
    return None


def out_features(module: nn.Module) -> int | None:
    """Width of what a linear layer or a convolution puts out; None for any other module."""
    from torch import nn

    if isinstance(module, nn.Linear):
        return module.out_features
    return module.out_channels if isinstance(module, nn.Conv2d) else None


def in_features(module: nn.Module) -> int | None:
    """Width of what a linear layer or a convolution takes in; None for any other module."""
    from torch import nn

    if isinstance(module, nn.Linear):
        return module.in_features
    return module.in_channels if isinstance(module, nn.Conv2d) else None


def _headless(model: nn.Module, trace: Trace) -> ZooError:
    linear = [name for name in trace.made if out_features(model.get_submodule(name))][-3:]
    shape = list(trace.output.shape)
    cause = f"{type(model).__name__} has no classifier (head): no linear layer ends in its output of shape {shape}"
    return ZooError(f"{cause}; its last layers are {', '.join(linear) or 'none'}", "name it with ModelSpec(head=...)")
