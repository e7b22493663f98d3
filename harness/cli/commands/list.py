"""`harness list`: the names of models or datasets, one a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.api.plugin_warnings import report_broken
from harness.cli.shared.parser import add_json
from results.sanitize import plain
from zoo.options import shown
from zoo.selection import matching

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo
    from zoo.specs import ModelSpec


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", nargs="*", default=["*"], help="names, globs or tags such as starter")
    parser.add_argument("--weights", action="store_true", help="list each pretrained tag, as NAME.TAG")
    parser.add_argument("--datasets", action="store_true", help="list datasets instead of models")
    add_json(parser, "print name, source, family, summary, weights, tags and options")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    report_broken(zoo)
    if arguments.datasets:
        print("\n".join(f"{plain(name)}\t{plain(spec.summary)}" for name, (spec, _) in zoo.datasets.items()))
        return 0
    specs = matching(zoo.models, arguments.pattern)
    if arguments.json:
        print(json.dumps([_as_json(spec, zoo.models[name][1]) for name, spec in specs.items()], indent=1))
    elif arguments.weights:
        print("\n".join(f"{name}.{plain(tag)}" for name, spec in specs.items() for tag in spec.weights))
    else:
        print("\n".join(specs))
    return 0


def _as_json(spec: ModelSpec, owner: str) -> dict[str, object]:
    return {
        "name": spec.name,
        "source": owner,
        "family": spec.family,
        "summary": spec.summary,
        "weights": list(spec.weights),
        "tags": sorted(spec.tags),
        "options": {name: shown(value) for name, value in spec.options.items()},
    }
