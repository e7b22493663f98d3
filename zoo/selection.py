"""From what a person types after --plugins to the models that are meant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean, unknown
from zoo.options import Options, Setting, brackets, chosen, parted, split_names
from zoo.weights import not_offered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zoo.specs import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One model that was chosen: its spec, the plugin that owns it, and the pretrained tag that the name carried.

    `changed` are the options that were set, where they differ from what the plugin declares; `spec` has them already.
    """

    spec: ModelSpec
    owner: str
    weights: str | None = None
    changed: Options = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The name by which it is asked for, the tag and the changed options included: equal for equal models."""
        return f"{self.tagged}{brackets(self.changed)}"

    @property
    def tagged(self) -> str:
        """The model's name with the tag."""
        return f"{self.spec.name}.{self.weights}" if self.weights else self.spec.name


def select(models: Mapping[str, tuple[ModelSpec, str]], expression: str, settings: Sequence[str] = ()) -> list[Choice]:
    """The models that a comma-separated list of names, globs, tags, `all` and `-exclusions` stands for, in order.

    `models` maps a name to its spec and owner. A name may end in `[option=value]`; `settings`, as `NAME.option=value`,
    are for all that match, unless their own brackets say otherwise. Raises ZooError (usage) where a part matches
    nothing.
    """
    parts, sets = split_names(expression), [Setting.parse(text) for text in settings]
    wanted = [part for part in parts if not part.startswith("-")]
    excluded = [part[1:] for part in parts if part.startswith("-")]
    if not wanted:
        raise ZooError("no plugin was named", "name some: --plugins resnet18,'timm/convnext*' or all", USAGE)
    found = [choice for part in wanted for choice in _matches(models, part, sets)]
    _require_all_used(sets, found)
    left = {choice.name: choice for choice in found}
    for pattern in excluded:
        # With options, one name alone is meant, which for a glob would be a class of letters.
        names = {choice.name for choice in _matches(models, pattern, ())} if parted(pattern)[1] else None
        left = {n: c for n, c in left.items() if not (fnmatchcase(n, pattern) if names is None else n in names)}
    if not left:
        raise ZooError(f"nothing is left of '{expression}'", "drop an exclusion", USAGE)
    return list(left.values())


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


def _matches(models: Mapping[str, tuple[ModelSpec, str]], text: str, settings: Sequence[Setting]) -> list[Choice]:
    part, typed = parted(text)
    # The name first, for there may be a tag like it; a glob last, which for plain words finds that name and no other.
    names = [part] if part in models else []
    names = names or [name for name, (spec, _) in models.items() if part == "all" or part in spec.tags]
    names = names or [name for name in models if fnmatchcase(name, part)]
    choices = [Choice(spec=models[name][0], owner=models[name][1]) for name in names] or [_tagged(models, part)]
    return [_with_options(choice, settings, typed) for choice in choices]


def _with_options(choice: Choice, settings: Sequence[Setting], typed: Mapping[str, str]) -> Choice:
    """The model with the options of `settings` that are for it, those `typed` with its name before them."""
    wanted = {one.option: one.value for one in settings if one.is_for(choice.spec.name, choice.tagged)} | dict(typed)
    if not wanted:
        return choice
    spec = choice.spec
    changed = chosen(spec.name, spec.options, wanted)
    return replace(choice, spec=replace(spec, options={**spec.options, **changed}), changed=changed)


def _require_all_used(settings: Sequence[Setting], choices: Sequence[Choice]) -> None:
    for one in settings:
        if not any(one.is_for(choice.spec.name, choice.tagged) for choice in choices):
            guess = did_you_mean(one.pattern, [choice.spec.name for choice in choices])
            cause = f"--set {one.text}: no model that was chosen is '{one.pattern}'{guess}"
            raise ZooError(cause, "name a model of --plugins, or a glob of several", USAGE)


def _tagged(models: Mapping[str, tuple[ModelSpec, str]], part: str) -> Choice:
    """`resnet18.IMAGENET1K_V1`: a model and the pretrained weights that it shall carry."""
    name, _, tag = part.partition(".")
    if not tag or name not in models:
        raise unknown("plugin", part, models)
    spec, owner = models[name]
    if tag not in spec.weights:
        raise not_offered(spec, tag)
    return Choice(spec=spec, owner=owner, weights=tag)
