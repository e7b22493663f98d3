"""`harness table`: the table of a stored run once more, for a terminal, a paper, a page or a program."""

from __future__ import annotations

import shlex
import shutil
import sys
from functools import partial
from typing import TYPE_CHECKING

from harness.cli.shared.stored_run import RUN_HELP, add_run_folder, show
from results.sanitize import harmless
from results.tables.text import aligned, fit_for
from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any

    from results.store.published import PublishedTable
    from zoo.discovery import Zoo

# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.tables.render", "results.tables.latex", "results.store.run_store")
FORMATS = ("text", "md", "latex", "csv", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help=RUN_HELP)
    parser.add_argument("--format", choices=FORMATS, default="text", help="what it is for; latex needs no package")
    published = "a table that comes with the harness, with its machine, command and date; without NAME: which there are"
    parser.add_argument("--published", nargs="?", const="", metavar="NAME", help=published)
    add_run_folder(parser, "harness table --format latex")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    if arguments.published is not None:
        _show_published(arguments.published, arguments.run, arguments.format)
        return 0
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


def _show_published(name: str, run: str | None, written: str) -> None:
    from results.store.published import FILES, published

    tables = published()
    if run:
        raise ZooError(f"a run, {run}, and --published exclude each other", "leave one of them out", USAGE)
    if not name:
        show(_listed(list(tables.values())) if tables else ["no table is published"])
    elif name not in tables:
        cause = f"there is no published table '{name}'{did_you_mean(name, tables)}"
        raise ZooError(cause, "list them: harness table --published", USAGE)
    elif written not in FILES:
        raise ZooError(f"of a published table there is no {written}", f"use one of: {', '.join(FILES)}", USAGE)
    elif written == "text":
        show([tables[name].text(written), *_made_with(tables[name])])
    else:
        print(fit_for(sys.stdout.encoding, harmless(tables[name].text(written))), end="")


def _listed(tables: Sequence[PublishedTable]) -> list[str]:
    cards = [(table.name, table.card) for table in tables]
    rows = [
        (name, str(card["num_models"]), str(card["num_seeds"]), card["data"]["name"], card["date"], _machine(card))
        for name, card in cards
    ]
    return aligned([("table", "models", "seeds", "data", "date", "machine"), *rows], right={1, 2})


def _made_with(table: PublishedTable) -> list[str]:
    card = table.card
    return [f"Made on {card['date']} on {_machine(card)} by: harness {shlex.join(card['command'])}"]


def _machine(card: Mapping[str, Any]) -> str:
    machine = card["machine"]
    hardware = [one["name"] for one in machine["accelerators"]] + [machine["cpu"], f"{machine['cores']} cores"]
    return ", ".join([*hardware, f"torch {machine['torch']}", f"timm {machine['timm']}"])
