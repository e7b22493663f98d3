"""`harness table`: the table of a stored run once more, for a terminal, a paper, a page or a program."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from typing import TYPE_CHECKING

from harness.cli.shared.stored_run import RUN_HELP, add_run_folder, show
from results.sanitize import harmless
from results.tables.text import fit_for

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.tables.render", "results.tables.latex", "results.store.run_store")
FORMATS = ("text", "md", "latex", "csv", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help=RUN_HELP)
    parser.add_argument("--format", choices=FORMATS, default="text", help="what it is for; latex needs no package")
    add_run_folder(parser, "harness table --format latex")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from results.ranking.summary import summarise
    from results.store.run_store import RunStore
    from results.tables.csv_table import csv_table
    from results.tables.flat_rows import flat
    from results.tables.json_table import json_table
    from results.tables.latex import latex_table
    from results.tables.markdown import markdown_table
    from results.tables.render import screen

    store = RunStore.find(arguments.run, arguments.output)
    summary = summarise(store.records(), store.predictions)
    if arguments.format == "text":
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        show(screen(summary, width, partial(fit_for, sys.stdout.encoding)))
        return 0
    written = {
        "md": lambda: markdown_table(summary, store.configuration).decode(),
        "latex": lambda: latex_table(summary),
        "csv": lambda: csv_table(flat(summary)).decode(),
        "json": lambda: json_table(summary, flat(summary), store.configuration).decode(),
    }
    print(fit_for(sys.stdout.encoding, harmless(written[arguments.format]())), end="")
    return 0
