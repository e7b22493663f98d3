"""`harness fetch PLAN`: fetch the weights that a pick asks for, into this machine's caches or into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.shared.parser import typed
from harness.cli.shared.stored_run import show_each
from harness.plan.values import path

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

SOME_FAILED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", type=typed(path), metavar="PLAN", help="what harness pick --plan FILE has written")
    folder = "put them into this folder as NAME.TAG.safetensors, for --weights-dir elsewhere (default: into the caches)"
    parser.add_argument("--weights-dir", type=typed(path), metavar="DIR", help=folder)
    parser.epilog = "example: harness fetch plan.json --weights-dir /media/stick/weights"


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.picks.downloads.fetching import fetch_each
    from harness.picks.listing.weights_plan import read_fetch_list

    plan: Path = arguments.plan
    result = fetch_each(read_fetch_list(plan), zoo, arguments.weights_dir)
    show_each(result.lines())
    return SOME_FAILED if result.num_failed else 0
