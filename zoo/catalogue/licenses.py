"""Under which licence pretrained weights are published, and which models a person may therefore choose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.catalogue.snapshot import by_name, entries
from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from zoo.selection import Choice
    from zoo.specs import ModelSpec
    from zoo.weights import Weights

UNKNOWN = "unknown"


def license_of(model: str, tag: str) -> str:
    """The licence that a library states for one of its weights; "unknown" where it states none."""
    entry = by_name().get(f"{model}.{tag}")
    return (entry.license if entry else "") or UNKNOWN


def only_permitted(spec: ModelSpec, wanted: Container[str]) -> ModelSpec | None:
    """`spec` with those of its weights that have one of the `wanted` licences; None where it has none."""
    if not spec.weights:
        return spec if UNKNOWN in wanted else None
    tags = tuple(tag for tag in spec.weights if license_of(spec.name, tag) in wanted)
    return replace(spec, weights=tags) if tags else None


def parse_licenses(text: str) -> frozenset[str]:
    """`apache-2.0,mit` as a set. Raises ZooError (usage) for a licence that no weights have."""
    wanted = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    known = {entry.license for entry in entries()} - {""} | {UNKNOWN}
    for name in sorted(wanted - known):
        cause = f"no weights have the licence '{name}'{did_you_mean(name, known) or '.'}"
        raise ZooError(cause, f"there are: {', '.join(sorted(known))}", USAGE)
    if not wanted:
        raise ZooError("no licence was named", "name some: --license apache-2.0,mit", USAGE)
    return wanted


def licenses_of(choice: Choice, weights: Weights | None = None) -> frozenset[str]:
    """The licence of the weights that a model starts from; of all its weights where it starts from random ones.

    `weights` are those that are asked for of all models: a tag in the model's own name goes before. Of what has no
    pretrained weights, and of weights in a file, nothing is known.
    """
    spec = choice.spec
    if choice.weights:
        return frozenset({license_of(spec.name, choice.weights)})
    # A file has no tag, and so no licence that is known.
    tags = spec.weights if weights is None else spec.weights[:1] if weights.tag == "default" else (weights.tag,)
    return frozenset(license_of(spec.name, tag) for tag in tags) or frozenset({UNKNOWN})


def permitted(
    choices: Sequence[Choice], wanted: Iterable[str], weights: Weights | None = None
) -> tuple[list[Choice], list[Choice]]:
    """The models that have one of the `wanted` licences, and the others. Raises ZooError (usage) where none has."""
    allowed = frozenset(wanted)
    kept = [choice for choice in choices if allowed & licenses_of(choice, weights)]
    others = [choice for choice in choices if not allowed & licenses_of(choice, weights)]
    if not kept:
        what = f"none of {len(choices)} models has" if len(choices) > 1 else f"{choices[0].name} does not have"
        there = sorted(frozenset[str]().union(*(licenses_of(choice, weights) for choice in others)))
        cause = f"{what} weights under {', '.join(sorted(allowed))}"
        raise ZooError(cause, f"these have: {', '.join(there)} (--license, several with commas)", USAGE)
    return kept, others
