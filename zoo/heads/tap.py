"""Stopping a forward pass at the head, so that a frozen backbone has to run only once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo.heads.modes import mode
from zoo.heads.trace import same_as_output

if TYPE_CHECKING:
    from torch import Tensor, nn

    from zoo.heads.head import Head
    from zoo.heads.trace import Trace


class _Reached(Exception):
    """Ends a forward pass where it is no longer needed."""


def tap_points(trace: Trace, names: tuple[str, ...]) -> tuple[str, ...]:
    """The smallest module around all of `names` whose output is the model's output, else `names` themselves."""
    ends = same_as_output(trace.output)
    ancestor = names[0]
    while ancestor:
        holds_all = all(f"{name}.".startswith(f"{ancestor}.") for name in names)
        if holds_all and any(node in ends for node in trace.made.get(ancestor, ()) if node is not None):
            return (ancestor,)
        ancestor = ancestor.rpartition(".")[0]
    return names


def features(model: nn.Module, head: Head, images: Tensor) -> Tensor:
    """What enters the head for `images`; with several taps, their inputs [B, D] side by side."""
    caught: dict[str, Tensor] = {}

    def catch(name: str, inputs: tuple[Any, ...]) -> None:
        caught.setdefault(name, inputs[0])
        if len(caught) == len(head.tap):
            raise _Reached

    handles = [
        model.get_submodule(name).register_forward_pre_hook(lambda _, inputs, name=name: catch(name, inputs))
        for name in head.tap
    ]
    try:
        model(images)
    except _Reached:
        pass
    finally:
        for handle in handles:
            handle.remove()
    return _side_by_side([caught[name] for name in head.tap])


def logits_from_features(model: nn.Module, head: Head, features: Tensor) -> Tensor:
    """The rest of the forward pass; several heads are averaged, as distilled models do in eval mode."""
    import torch

    modules = [model.get_submodule(name) for name in head.tap]
    if len(modules) == 1:
        logits: Tensor = modules[0](features)
        return logits.flatten(1)
    parts = torch.split(features, [_width(module) for module in modules], dim=1)
    return torch.stack([module(part) for module, part in zip(modules, parts, strict=True)]).mean(dim=0)


def is_tappable(model: nn.Module, head: Head, trace: Trace) -> bool:
    """Whether `head.tap`, on what entered it in `trace`, gives exactly what the whole model gave there in eval mode."""
    import torch

    entered = [trace.entered.get(name) for name in head.tap]
    if trace.output.is_meta or not all(isinstance(tensor, torch.Tensor) for tensor in entered):
        return False
    try:
        with mode(model, training=False), torch.no_grad():
            logits = logits_from_features(model, head, _side_by_side(entered))
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
        return False
    return logits.shape == trace.output.shape and torch.allclose(logits, trace.output, rtol=1e-6, atol=1e-6)


def _side_by_side(inputs: list[Any]) -> Tensor:
    import torch

    tensor: Tensor = inputs[0] if len(inputs) == 1 else torch.cat(inputs, dim=1)
    return tensor


def _width(module: nn.Module) -> int:
    """Width that enters a linear head, or the first layer of an MLP head."""
    first = next(iter(module.children()), module)
    return int(first.in_features)  # type: ignore[arg-type]  # only linear heads are tapped side by side
