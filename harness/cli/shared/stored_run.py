"""What the commands that ask a stored run share: which run, and an example at the end of --help."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from harness.cli.shared.train_options import add_output
from results.sanitize import harmless
from results.tables.text import fit_for

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

RUN_HELP = "a run: its id, its folder, or how one of these begins (default: the latest)"


def add_run_folder(parser: argparse.ArgumentParser, example: str) -> None:
    """Where runs lie, and the `example` of the command."""
    add_output(parser, "where runs lie")
    parser.epilog = f"example: {example}"


def show(lines: Iterable[str]) -> None:
    """Print lines that may hold names from outside."""
    print(fit_for(sys.stdout.encoding, harmless("\n".join(lines))))


def show_each(lines: Iterable[str]) -> None:
    """Print lines as they come, each at once where somebody waits for it."""
    for line in lines:
        print(fit_for(sys.stdout.encoding, harmless(line)))


def show_json(data: Any) -> None:
    """Print plain data; numbers that JSON lacks must not be in it."""
    print(json.dumps(data, indent=1, allow_nan=False))
