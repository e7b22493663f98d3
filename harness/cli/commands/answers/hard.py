"""`harness hard`: test images that every model of a run missed, the likely label errors first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json, typed
from harness.cli.shared.stored_run import RUN_HELP, add_run_folder, show, show_json
from harness.plan.values import path, whole

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.tables.answers.hard_images", "results.answers.image_copies")
MOST = 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help=RUN_HELP)
    parser.add_argument("--top", type=typed(whole(0)), default=MOST, metavar="N", help="so many images; 0: all")
    parser.add_argument(
        "--copy", type=typed(path), metavar="DIR", help="copy their files into this folder, which is new or empty"
    )
    add_json(parser)
    add_run_folder(parser, "harness hard --top 5")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from results.answers.hard import hard_images
    from results.answers.image_copies import copy_images
    from results.tables.answers import hard_images as words

    found = hard_images(arguments.run, arguments.output)
    missing: list[str] = []
    if arguments.copy is not None:
        missing = copy_images(found, found.images[: arguments.top or None], arguments.copy)
    if arguments.json:
        show_json(words.data(found, arguments.top) | {"missing": missing})
    else:
        show(words.lines(found, arguments.top))
        if arguments.copy is not None:
            show(words.copied(found, arguments.top, arguments.copy, missing))
    return 0
