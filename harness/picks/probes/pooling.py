"""From what enters a model's head to the features that its last layer sees, pooled as the model itself pools them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import nn

from zoo.heads import tap

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.building import BuiltModel

POOLED = "pooled"  # names it in the keys of kept features


def tapped(built: BuiltModel) -> BuiltModel:
    """The model to be stopped where the shared loop stops it, or, where that cannot, before its last layers."""
    return built if built.head.tappable else replace(built, head=replace(built.head, tap=built.head.names))


def pooled(built: BuiltModel, features: Tensor) -> Tensor:
    """What enters the last layers [B, F] where `features` enter the tapped modules; several side by side.

    Where that has places too - tokens, or pixels before a convolution - it is their mean.
    """
    head = built.head
    if head.tap != head.names:
        (name,) = head.tap
        inner = replace(head, tap=tuple(one.removeprefix(f"{name}.") for one in head.names))
        features = tap.features(built.model.get_submodule(name), inner, features)
    if features.ndim == 2:
        return features
    by_channel = isinstance(built.model.get_submodule(head.names[0]), nn.Conv2d)
    return features.flatten(2).mean(2) if by_channel else features.flatten(1, -2).mean(1)
