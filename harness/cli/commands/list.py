"""`harness list`: the names of models, of their pretrained weights, or of datasets, one a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.api.choosing import permitted_specs
from harness.api.plugin_warnings import report_broken
from harness.cli.shared.parser import add_json
from harness.cli.shared.published_words import published_words
from harness.cli.shared.train_options import add_option
from harness.plan.option_table import LICENSE
from results.sanitize import plain
from zoo.errors import USAGE, ZooError
from zoo.options import shown
from zoo.selection import matching

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from zoo.discovery import Zoo
    from zoo.events import LoggerSpec
    from zoo.specs import DatasetSpec, ModelSpec


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", nargs="*", default=["*"], help="names, globs or tags such as starter")
    help = "list pretrained weights: NAME.TAG, licence, size, published top-1"
    parser.add_argument("--weights", action="store_true", help=help)
    add_option(parser, "license", LICENSE)
    parser.add_argument("--datasets", action="store_true", help="list datasets instead of models")
    parser.add_argument("--loggers", action="store_true", help="list what --logger of a run may name")
    add_json(parser, "print name, source, family, summary, weights, what is published of them, tags and options")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    report_broken(zoo)
    if arguments.datasets or arguments.loggers:
        if arguments.license is not None:
            raise ZooError("--license chooses models, not datasets or loggers", "leave it out", USAGE)
        others: Mapping[str, tuple[DatasetSpec | LoggerSpec, str]]
        others = zoo.datasets if arguments.datasets else zoo.loggers
        print("\n".join(f"{plain(name)}\t{plain(spec.summary)}" for name, (spec, _) in others.items()))
        return 0
    specs = matching(zoo.models, arguments.pattern)
    if arguments.license is not None:
        specs = permitted_specs(specs, arguments.license)
    if arguments.json:
        print(json.dumps([_as_json(spec, zoo.models[name][1]) for name, spec in specs.items()], indent=1))
    elif arguments.weights:
        rows = [_published(name, tag) for name, spec in specs.items() for tag in spec.weights]
        print("\n".join("\t".join(plain(word) for word in row).rstrip("\t") for row in rows))
    else:
        print("\n".join(specs))
    return 0


def _published(name: str, tag: str) -> list[str]:
    """One set of weights, and what is published of it; "" where that is not known."""
    from zoo.catalogue.published import published  # only now: a list of names needs no catalogue

    return [f"{name}.{tag}", *published_words(published(name, tag))]


def _as_json(spec: ModelSpec, owner: str) -> dict[str, object]:
    from zoo.catalogue.published import published

    return {
        "name": spec.name,
        "source": owner,
        "family": spec.family,
        "summary": spec.summary,
        "weights": list(spec.weights),
        "published": {tag: published(spec.name, tag) for tag in spec.weights},
        "tags": sorted(spec.tags),
        "options": {name: shown(value) for name, value in spec.options.items()},
    }
