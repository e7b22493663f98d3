"""New heads in the place of old ones."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

    from zoo.heads.head import HeadSpec


def replace(model: nn.Module, names: Iterable[str], num_classes: int, spec: HeadSpec, width: int = 0) -> None:
    """Put a fresh head in the place of each named layer, with its device, precision, mode and use of a bias."""
    for name in names:
        old = model.get_submodule(name)
        new = _like(old, num_classes, spec, width)
        new.train(old.training)
        _set_everywhere(model, old, new)
    if "num_classes" in vars(model):  # timm's models keep it as a plain attribute
        vars(model)["num_classes"] = num_classes


def _like(old: nn.Module, num_classes: int, spec: HeadSpec, width: int) -> nn.Module:
    from torch import nn

    if isinstance(old, nn.Conv2d):
        return _conv_head(old, num_classes, spec)
    like = next(old.parameters(), None)
    where = {} if like is None else {"device": like.device, "dtype": like.dtype}
    widths = (old.in_features if isinstance(old, nn.Linear) else width, *spec.hidden, num_classes)
    bias = getattr(old, "bias", True) is not None  # None says no; nothing is said by an Identity or a bare matrix
    return _stack([nn.Linear(i, o, bias=bias, **where) for i, o in pairwise(widths)], spec.dropout)


def _conv_head(old: nn.Conv2d, num_classes: int, spec: HeadSpec) -> nn.Module:
    """Only the first convolution keeps the old geometry; those after it look at single positions."""
    from torch import nn

    widths = (old.in_channels, *spec.hidden, num_classes)
    where = {"device": old.weight.device, "dtype": old.weight.dtype, "bias": old.bias is not None}
    first = nn.Conv2d(widths[0], widths[1], old.kernel_size, old.stride, old.padding, **where)  # type: ignore[arg-type]
    return _stack([first, *(nn.Conv2d(i, o, 1, **where) for i, o in pairwise(widths[1:]))], spec.dropout)  # type: ignore[arg-type]


def _stack(layers: list[nn.Module], dropout: float) -> nn.Module:
    """Linear–ReLU–Dropout–…–Linear; a single layer stays itself."""
    from torch import nn

    if len(layers) == 1:
        return layers[0]
    between = [[layer, nn.ReLU(), nn.Dropout(dropout)] for layer in layers[:-1]]
    return nn.Sequential(*(module for group in between for module in group), layers[-1])


def _set_everywhere(model: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """A module may be known under several names; all of them get the new one."""
    places = [name for name, module in model.named_modules(remove_duplicate=False) if module is old]
    for place in places:
        parent, _, attribute = place.rpartition(".")
        setattr(model.get_submodule(parent), attribute, new)
