"""What a file of weights holds, once its wrappings are off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

NAME_LIMIT = 60
NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Tensors by name; the version of each module that saved them, where the file says so (the model itself is "").

    `notes` say in a few words each what was chosen, removed, converted or left out on the way. `settings` are the
    numbers and words, and plain lists and tables of them, that the file keeps beside them.
    """

    tensors: Mapping[str, Tensor]
    versions: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def listed(names: Iterable[str]) -> str:
    """The first few names for a line on a screen: they are a stranger's, and may hold anything."""
    names = list(names)
    shown = [name[:NAME_LIMIT] if name.isprintable() else ascii(name)[:NAME_LIMIT] for name in names[:NAMES_SHOWN]]
    return ", ".join(shown) + (f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else "")
