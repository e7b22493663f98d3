"""From what a person types after --plugins to the models that are meant."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from zoo.errors import USAGE, ZooError
from zoo.names import unknown
from zoo.weights import not_offered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zoo.specs import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One model that was chosen: its spec, the plugin that owns it, and the pretrained tag that the name carried."""

    spec: ModelSpec
    owner: str
    weights: str | None = None

    @property
    def name(self) -> str:
        """The name as it was asked for, the tag included."""
        return f"{self.spec.name}.{self.weights}" if self.weights else self.spec.name


def select(models: Mapping[str, tuple[ModelSpec, str]], expression: str) -> list[Choice]:
    """The models that a comma-separated list of names, globs, tags, `all` and `-exclusions` stands for, in order.

    `models` maps a name to its spec and owner. Raises ZooError (usage) where a part matches nothing.
    """
    parts = [part.strip() for part in expression.split(",") if part.strip()]
    wanted = [part for part in parts if not part.startswith("-")]
    excluded = [part[1:] for part in parts if part.startswith("-")]
    if not wanted:
        raise ZooError("no plugin was named", "name some: --plugins resnet18,'timm/convnext*' or all", USAGE)
    chosen = {choice.name: choice for part in wanted for choice in _matches(models, part)}
    for pattern in excluded:
        chosen = {name: choice for name, choice in chosen.items() if not fnmatchcase(name, pattern)}
    if not chosen:
        raise ZooError(f"nothing is left of '{expression}'", "drop an exclusion", USAGE)
    return list(chosen.values())


def matching(models: Mapping[str, tuple[ModelSpec, str]], patterns: Sequence[str]) -> dict[str, ModelSpec]:
    """Models by name whose name or tag is among `patterns`, globs included. Raises ZooError (usage) for none."""
    specs = {
        name: spec
        for name, (spec, _) in models.items()
        if any(fnmatchcase(name, pattern) or pattern in spec.tags for pattern in patterns)
    }
    if not specs:
        raise unknown("plugin", patterns[0], models)
    return specs


def _matches(models: Mapping[str, tuple[ModelSpec, str]], part: str) -> list[Choice]:
    # The name first, for there may be a tag like it; a glob last, which for plain words finds that name and no other.
    names = [part] if part in models else []
    names = names or [name for name, (spec, _) in models.items() if part == "all" or part in spec.tags]
    names = names or [name for name in models if fnmatchcase(name, part)]
    return [Choice(spec=models[name][0], owner=models[name][1]) for name in names] or [_tagged(models, part)]


def _tagged(models: Mapping[str, tuple[ModelSpec, str]], part: str) -> Choice:
    """`resnet18.IMAGENET1K_V1`: a model and the pretrained weights that it shall carry."""
    name, _, tag = part.partition(".")
    if not tag or name not in models:
        raise unknown("plugin", part, models)
    spec, owner = models[name]
    if tag not in spec.weights:
        raise not_offered(spec, tag)
    return Choice(spec=spec, owner=owner, weights=tag)
