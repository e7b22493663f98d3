"""Which models may be picked at all: those of the catalogue and the user's own, within licence, size and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from zoo.errors import USAGE, ZooError
from zoo.names import unknown

if TYPE_CHECKING:
    from zoo.catalogue.entry import CatalogueEntry
    from zoo.specs import ModelSpec

CATALOGUE = "catalogue"
UNKNOWN_LICENSE = "unknown"
# What one image holds on its way through a model that is not trained: its outputs, beside those that they come from.
BYTES_PER_ACTIVATION = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model with one set of weights; of the user's own only the name may be known, and other figures are 0.

    `name` is what a person types, `prior` the published top-1 accuracy in percent, None where there is none.
    """

    name: str
    model: str
    tag: str
    family: str = ""
    param_count: int = 0
    macs: int = 0
    activations: int = 0
    img_size: int = 0
    license: str = ""
    num_bytes: int = 0
    prior: float | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A model that goes no further than `stage`, and what decided it, with its figures."""

    name: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is asked of a model before it is timed or tried; None asks nothing.

    `models` are names and globs, one of which it has to match, those with a leading - none; `memory` is in bytes, for
    `batch_size` images at a time.
    """

    models: tuple[str, ...] = ()
    licenses: frozenset[str] | None = None
    max_params: float | None = None
    max_gmacs: float | None = None
    memory: float | None = None
    batch_size: int = 1


def of_catalogue(entries: Sequence[CatalogueEntry]) -> list[Candidate]:
    """The entries of the catalogue as candidates."""
    return [
        Candidate(
            name=entry.name,
            model=entry.model,
            tag=entry.tag,
            family=entry.family,
            param_count=entry.param_count,
            macs=entry.macs,
            activations=entry.activations,
            img_size=entry.img_size,
            license=entry.license,
            num_bytes=entry.num_bytes,
            prior=entry.published_top1,
        )
        for entry in entries
    ]


def own_models(models: Mapping[str, tuple[ModelSpec, str]], shipped: frozenset[str]) -> list[Candidate]:
    """The models of plugins that do not ship, each with the first of its weights, or random ones."""
    return [
        Candidate(
            name=f"{name}.{spec.weights[0]}" if spec.weights else name,
            model=name,
            tag=spec.weights[0] if spec.weights else "",
            family=spec.family or name,
            is_own=True,
        )
        for name, (spec, owner) in models.items()
        if owner not in shipped
    ]


def cut(
    candidates: Sequence[Candidate], models: Mapping[str, tuple[ModelSpec, str]], limits: Limits
) -> tuple[list[Candidate], list[Dropped]]:
    """The candidates within `limits`, and what was wrong with each of the others. The user's own are always within.

    Raises ZooError (usage) where a name or glob of `limits.models` matches none.
    """
    _require_meant(candidates, limits.models)
    kept, dropped = [], []
    for one in candidates:
        reason = "" if one.is_own else _why_not(one, models, limits)
        if reason:
            dropped.append(Dropped(name=one.name, stage=CATALOGUE, reason=reason))
        else:
            kept.append(one)
    return kept, dropped


def matches(candidate: Candidate, patterns: Sequence[str]) -> bool:
    """Whether a model is meant by names and globs: with its tag or without; a leading - excludes."""
    wanted = [pattern for pattern in patterns if not pattern.startswith("-")]
    names = (candidate.name, candidate.model)
    excluded = any(fnmatchcase(name, pattern[1:]) for pattern in patterns if pattern[0] == "-" for name in names)
    return not excluded and (not wanted or any(fnmatchcase(name, pattern) for pattern in wanted for name in names))


def _require_meant(candidates: Sequence[Candidate], patterns: Sequence[str]) -> None:
    for pattern in patterns:
        if not any(matches(one, [pattern.removeprefix("-")]) for one in candidates):
            raise unknown("pretrained model", pattern.removeprefix("-"), [one.name for one in candidates])
    if patterns and not any(matches(one, patterns) for one in candidates):
        raise ZooError(f"nothing is left of '{','.join(patterns)}'", "drop an exclusion", USAGE)


def _why_not(one: Candidate, models: Mapping[str, tuple[ModelSpec, str]], limits: Limits) -> str:
    """What decides against a model, "" where nothing does; the cheapest to know comes first."""
    spec = models[one.model][0] if one.model in models else None
    if spec is None or one.tag not in spec.weights:
        return "the installed library does not offer these weights"
    if not matches(one, limits.models):
        return "not among --models"
    license = one.license or UNKNOWN_LICENSE
    if limits.licenses is not None and license not in limits.licenses:
        return f"licence {license}"
    if limits.max_params is not None and one.param_count > 1e6 * limits.max_params:
        return f"{one.param_count / 1e6:.3g} M parameters > {limits.max_params:g}"
    if limits.max_gmacs is not None and one.macs > 1e9 * limits.max_gmacs:
        return f"{one.macs / 1e9:.3g} GMACs > {limits.max_gmacs:g}"
    needed = one.num_bytes + BYTES_PER_ACTIVATION * one.activations * limits.batch_size
    if limits.memory is not None and needed > limits.memory:
        return f"needs about {needed / 2**20:,.0f} MiB of memory, and there are {limits.memory / 2**20:,.0f}"
    return ""
