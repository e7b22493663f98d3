"""Auxiliary classifiers: those that run in train mode only, as in googlenet and inception_v3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.heads.find import out_features
from zoo.heads.trace import run

if TYPE_CHECKING:
    from torch import nn

    from zoo.heads.trace import Trace


def find_aux(model: nn.Module, trace: Trace, input_shape: tuple[int, int, int]) -> tuple[str, ...]:
    """Layers as wide as the output that the eval pass did not run but the train pass does."""
    width = trace.output.shape[1]
    idle = [name for name, layer in model.named_modules() if name not in trace.made and out_features(layer) == width]
    if not idle:
        return ()
    trained = run(model, input_shape, training=True)
    return tuple(name for name in idle if name in trained.made) if isinstance(trained.output, tuple) else ()
