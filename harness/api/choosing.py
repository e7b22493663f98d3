"""From what a person asked for to the models that are meant, with what was left out said aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.api.plugin_warnings import on_stderr
from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zoo.discovery import Zoo
    from zoo.selection import Choice
    from zoo.specs import ModelSpec
    from zoo.weights import Weights

MOST_NAMED = 3


def choose(
    zoo: Zoo,
    models: str,
    settings: Sequence[str] = (),
    *,
    license: str | None = None,
    weights: Weights | None = None,
    say: Callable[[str], None] = on_stderr,
) -> list[Choice]:
    """The models that `models` stands for and, with `license`, that have weights under one of these licences.

    `weights` are those that all of them start from. What the licences leave out is one note. Raises ZooError (usage)
    where nothing is left.
    """
    choices = zoo.select(models, settings)
    if license is None:
        return choices
    from zoo.catalogue.licenses import parse_licenses, permitted

    kept, others = permitted(choices, parse_licenses(license), weights)
    if others:
        say(_left_out(license, others, weights))
    return kept


def permitted_specs(specs: Mapping[str, ModelSpec], license: str) -> dict[str, ModelSpec]:
    """Those that have weights under one of these licences, with these weights only. Raises ZooError where none has."""
    # Only now, as all that is loaded here: a plain list of names waits for none of it.
    from results.tables.number_format import counted
    from zoo.catalogue.licenses import only_permitted, parse_licenses

    wanted = parse_licenses(license)
    kept = {name: only for name, spec in specs.items() if (only := only_permitted(spec, wanted))}
    if not kept:
        cause = f"no weights of {counted(len(specs), 'model')} are under {license}"
        raise ZooError(cause, "see what there is: harness list --weights", USAGE)
    return kept


def _left_out(license: str, others: Sequence[Choice], weights: Weights | None) -> str:
    from results.tables.number_format import counted
    from zoo.catalogue.licenses import licenses_of

    named = [f"{choice.name} ({', '.join(sorted(licenses_of(choice, weights)))})" for choice in others[:MOST_NAMED]]
    more = f" and {len(others) - MOST_NAMED:,} more" if len(others) > MOST_NAMED else ""
    return f"note: --license {license} leaves out {counted(len(others), 'model')}: {', '.join(named)}{more}"
