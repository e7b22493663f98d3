"""`harness status`: who works on which trial of a run, what is done, and how long the rest takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from harness.cli.shared.stored_run import RUN_HELP, add_run_folder, show, show_json

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help=RUN_HELP)
    add_json(parser)
    add_run_folder(parser, "harness status 7f2a")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.cluster.status import lines, status_of
    from results.store.run_store import RunStore

    status = status_of(RunStore.find(arguments.run, arguments.output))
    if arguments.json:
        show_json(status.as_json())
    else:
        show(lines(status))
    return 0
