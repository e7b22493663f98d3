"""`harness resume`: go on with a run that was stopped, killed or ran out of disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="ID|FOLDER", help="which run (default: the latest)")
    add_output_options(parser)


def add_output_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, default=Path("results/runs"), help="where runs lie")
    parser.add_argument("--json", action="store_true", help="print the table as JSON instead of text")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.resume import resume

    return resume(arguments)
