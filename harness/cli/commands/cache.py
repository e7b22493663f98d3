"""`harness cache`: what is kept between runs, where and how much of it may be; and clearing it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from results.tables.text import fit_for
from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

ALL = "all"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--clear",
        nargs="?",
        const=ALL,
        choices=[ALL, "pixels", "files"],
        help="delete what no run is using: all of it, or one kind; it is made again when it is needed",
    )
    parser.add_argument("--dry-run", action="store_true", help="with --clear: only say what would go")
    add_json(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.data.files.cache_report import as_text, clear, cleared_as_text, report

    if arguments.dry_run and not arguments.clear:
        raise ZooError("--dry-run says what --clear would remove", "give both, or neither", USAGE)
    if arguments.clear:
        kind = None if arguments.clear == ALL else arguments.clear
        text = cleared_as_text(facts := clear(kind, dry=arguments.dry_run))
    else:
        text = "\n".join(as_text(facts := report()))
    print(fit_for(sys.stdout.encoding, json.dumps(facts, indent=1) if arguments.json else text))
    return 0
