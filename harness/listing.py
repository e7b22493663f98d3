"""Which models a pattern stands for."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from zoo.names import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoo.discovery import Zoo
    from zoo.specs import ModelSpec


def matching(zoo: Zoo, patterns: Sequence[str]) -> dict[str, ModelSpec]:
    """Models by name whose name or tag is among `patterns`, globs included. Raises ZooError (usage) for none."""
    specs = {name: spec for name, (spec, _) in zoo.models.items() if _matches(spec, patterns)}
    if not specs:
        raise unknown("plugin", patterns[0], zoo.models)
    return specs


def _matches(spec: ModelSpec, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(spec.name, pattern) or pattern in spec.tags for pattern in patterns)
