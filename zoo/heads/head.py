"""What kind of head is wanted, and what was found in a model."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zoo.errors import USAGE, ZooError

# Widths, then a rate where one is given: "mlp:256:" promises one.
_MLP = re.compile(r"mlp:(\d{1,9}(?:,\d{1,9})*)(?::((?:\d+\.?\d*|\.\d+)(?:e-?\d+)?))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """The layers of a new head: hidden widths and dropout; no hidden width means one linear layer."""

    hidden: tuple[int, ...] = ()
    dropout: float = 0.0

    @classmethod
    def parse(cls, text: str) -> HeadSpec:
        """Read `linear`, `mlp:256`, `mlp:256:0.2` or `mlp:512,256:0.2`."""
        if text == "linear":
            return cls()
        if mlp := _MLP.fullmatch(text):
            spec = cls(tuple(int(width) for width in mlp[1].split(",")), float(mlp[2] or 0))
            if min(spec.hidden) > 0 and spec.dropout < 1:
                return spec
        cause = f"'{text}' is not a head: linear, mlp:256 or mlp:256:0.2"
        raise ZooError(cause, "several widths have commas between them: mlp:512,256:0.2", USAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The classifier of one model.

    `name` and `type` are the dotted name and the class of the classifier as its library sees it; `names` are
    the last layers inside it (two in distilled models), which were replaced or proved; `aux` the last layers of
    auxiliary classifiers that exist in train mode only, `aux_branches` with all that leads to those alone.
    `built_for` is the number of classes of the model's own classifier where that was exchanged though its weights are
    random, since another number was wanted; else 0.
    `in_features` is the width entering the first of `names`. `tap` names the modules from whose inputs the logits
    can be computed (see `zoo.heads.tap`), if `tappable`: it was tried on the model's own output.
    """

    name: str
    type: str
    names: tuple[str, ...]
    in_features: int
    aux: tuple[str, ...] = ()
    aux_branches: tuple[str, ...] = ()
    tap: tuple[str, ...] = ()
    tappable: bool = False
    built_for: int = 0
