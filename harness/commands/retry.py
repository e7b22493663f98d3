"""`harness retry`: carry out again the trials of a run that did not end ok."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.commands.resume import add_output_options

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="ID|FOLDER", help="which run (default: the latest)")
    parser.add_argument("--failed", action="store_true", required=True, help="every trial whose record is not ok")
    add_output_options(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.resume import retry

    return retry(arguments)
