"""Giving a model the head that a task needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.errors import ZooError
from zoo.heads import layers
from zoo.heads.find import find, out_features
from zoo.heads.head import Head, HeadSpec
from zoo.heads.proof import require_gradients, require_logits, require_scores, require_trainable, require_width
from zoo.heads.tap import is_tappable, tap_points
from zoo.heads.trace import Trace, run

if TYPE_CHECKING:
    from torch import nn

Shape = tuple[int, int, int]


def attach(
    model: nn.Module,
    num_classes: int,
    head: str = "linear",
    *,
    input_shape: Shape,
    hint: str | None = None,
    scratch: bool = False,
) -> Head:
    """Find the classifier of `model`, replace it by one for `num_classes`, and prove that it works.

    `scratch` says that the model was built with random weights: with a linear head its own output layer stays, found
    and proved all the same, if it has `num_classes`. Modes, buffers and gradients are left as they were.
    Raises ZooError where the model has no classifier, `hint` names none, or its output is not [B, num_classes].
    """
    spec = HeadSpec.parse(head)
    require_trainable(model, fresh_head=bool(spec.hidden) or not scratch)
    trace = run(model, input_shape)
    require_scores(trace.output)
    width = trace.output.shape[1]
    other = width if scratch and width != num_classes else 0
    aux = _auxiliary(model, trace, input_shape)
    branches = tuple(_branch(name, trace) for name in aux)
    old = replace(_found(model, trace, hint, num_classes, other), aux=aux, aux_branches=branches, built_for=other)
    if spec.hidden or not scratch or other:
        return _replaced(model, old, num_classes, spec, input_shape)
    return _proved(model, trace, old, num_classes, input_shape)


def exchange(model: nn.Module, head: Head, num_classes: int, new: str, *, input_shape: Shape) -> Head:
    """Replace `head`, which `attach` found in `model`, by a fresh one, and prove that it works.

    Raises ZooError as `attach` does.
    """
    return _replaced(model, head, num_classes, HeadSpec.parse(new), input_shape)


def _found(model: nn.Module, trace: Trace, hint: str | None, num_classes: int, other: int) -> Head:
    """The classifier. Where there is none to exchange, an output of `other` classes than asked for is what is wrong."""
    try:
        return find(model, trace, hint, num_classes)
    except ZooError:
        if other and not hint:
            require_width(trace.output, num_classes)
        raise


def _auxiliary(model: nn.Module, trace: Trace, input_shape: Shape) -> tuple[str, ...]:
    """Classifiers that run in train mode only, as in googlenet and inception_v3.

    They are layers as wide as the output that the eval pass did not run but the train pass does.
    """
    width = trace.output.shape[1]
    idle = [name for name, layer in model.named_modules() if name not in trace.made and out_features(layer) == width]
    if not idle:
        return ()
    trained = run(model, input_shape, training=True)
    return tuple(name for name in idle if name in trained.made) if isinstance(trained.output, tuple) else ()


def _branch(layer: str, trace: Trace) -> str:
    """The largest module around an auxiliary `layer` of which nothing ran in eval mode."""
    branch = layer
    while parent := branch.rpartition(".")[0]:
        if any(f"{name}.".startswith(f"{parent}.") for name in trace.made):
            break
        branch = parent
    return branch


def _replaced(model: nn.Module, old: Head, num_classes: int, spec: HeadSpec, input_shape: Shape) -> Head:
    layers.replace(model, (*old.names, *old.aux), num_classes, spec, old.in_features)
    return _proved(model, run(model, input_shape), old, num_classes, input_shape)


def _proved(model: nn.Module, trace: Trace, head: Head, num_classes: int, input_shape: Shape) -> Head:
    require_scores(trace.output)
    require_width(trace.output, num_classes)
    require_logits(trace.output)
    require_gradients(trace.output, model, head.names)
    if head.aux:
        require_gradients(run(model, input_shape, training=True).output, model, head.aux)
    head = replace(head, tap=tap_points(trace, head.names))
    return replace(head, tappable=is_tappable(model, head, trace))
