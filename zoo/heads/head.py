"""What kind of head is wanted, and what was found in a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """The layers of a new head: hidden widths and dropout; no hidden width means one linear layer."""

    hidden: tuple[int, ...] = ()
    dropout: float = 0.0

    @classmethod
    def parse(cls, text: str) -> HeadSpec:
        """Read `linear`, `mlp:256`, `mlp:256:0.2` or `mlp:512,256:0.2`."""
        kind, *rest = text.strip().split(":")
        if kind == "linear" and not rest:
            return cls()
        try:
            if kind != "mlp" or len(rest) not in (1, 2):
                raise ValueError
            spec = cls(tuple(int(width) for width in rest[0].split(",")), float(rest[1]) if rest[1:] else 0.0)
            if min(spec.hidden) < 1 or not 0 <= spec.dropout < 1:
                raise ValueError
        except ValueError:
            remedy = "use linear, or mlp:WIDTHS:DROPOUT such as mlp:256:0.2 or mlp:512,256:0.2"
            raise ZooError(f"head {text!r} is not understood", remedy, USAGE) from None
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The classifier of one model.

    `name` and `type` are the dotted name and the class of the classifier as its library sees it; `names` are
    the last layers inside it (two in distilled models), which were replaced or proved; `aux` the last layers of
    auxiliary classifiers that exist in train mode only. `in_features` is the width entering the first of
    `names`. `tap` names the modules from whose inputs the logits can be computed (see `zoo.heads.tap`), if
    `tappable`: it was tried on the model's own output.
    """

    name: str
    names: tuple[str, ...]
    aux: tuple[str, ...]
    type: str
    in_features: int
    tap: tuple[str, ...]
    tappable: bool = False

    def modules(self, model: nn.Module) -> list[nn.Module]:
        """The layers that make up the head, auxiliary ones included."""
        return [model.get_submodule(name) for name in (*self.names, *self.aux)]

    def parameters(self, model: nn.Module) -> list[nn.Parameter]:
        """What to train when only the head is trained."""
        return [parameter for module in self.modules(model) for parameter in module.parameters()]
