"""Where a file's tensors and a model's own differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoo.checkpoints.checkpoint import listed

if TYPE_CHECKING:
    from torch import Tensor

# Batch norm counts its batches since torch 0.4.1: older files have no counts, which nothing but a plain average reads.
COUNT = ".num_batches_tracked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Names that only the model has, that only the file has, and that have another shape in the file."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    reshaped: tuple[str, ...]

    @classmethod
    def between(
        cls, own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], *, beside: tuple[str, ...] = ()
    ) -> Differences:
        """The differences but for names that begin with one of `beside`."""
        own, tensors = (
            {name: tensor for name, tensor in state.items() if not name.startswith(beside)} for state in (own, tensors)
        )
        return cls(
            missing=tuple(name for name in own if name not in tensors and not name.endswith(COUNT)),
            unexpected=tuple(name for name in tensors if name not in own),
            reshaped=tuple(name for name in own if name in tensors and own[name].shape != tensors[name].shape),
        )

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.reshaped)

    def __str__(self) -> str:
        problems = {"missing": self.missing, "unexpected": self.unexpected, "of another shape": self.reshaped}
        return ", ".join(f"{len(names)} {what} ({listed(names)})" for what, names in problems.items() if names)
