"""`harness report`: the page of one stored run or of several, to be looked at."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.cli.shared.train_options import add_output
from results.sanitize import plain

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from zoo.discovery import Zoo

# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.page.write", "results.store.run_store")
PAGE_SUFFIXES = (".html", ".htm")


def configure(parser: argparse.ArgumentParser) -> None:
    what = "runs: their ids, their folders, or how one of these begins (default: the latest)"
    parser.add_argument("runs", nargs="*", metavar="RUN", help=what)
    parser.add_argument("--open", action="store_true", help="show the page in the browser")
    once = "write the chart library into the page (5 MB), so that it is whole wherever it is sent"
    parser.add_argument("--single-file", action="store_true", help=once)
    add_output(parser, "where runs lie; a name that ends in .html is that of the page")
    parser.epilog = "example: harness report --single-file"


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.plan.values import RUNS
    from results.page.report_run import report_run
    from results.page.write import write_pages
    from results.store.run_store import RunStore

    file: Path | None = arguments.output if arguments.output.suffix.lower() in PAGE_SUFFIXES else None
    folder = RUNS if file else arguments.output
    stores = [RunStore.find(name, folder) for name in arguments.runs or [None]]
    runs = [report_run(store) for store in dict.fromkeys(stores)]
    page, library = write_pages(runs, folder, file, single_file=arguments.single_file)
    if library.missing:
        print(plain(f"note: the page has no charts: {library.missing}"), file=sys.stderr)
    print(plain(f"wrote {page}"))
    if arguments.open:
        _open(page)
    return 0


def _open(page: Path) -> None:
    """Raises ZooError where there is no browser to show it."""
    import webbrowser

    from zoo.errors import ENVIRONMENT, ZooError

    if not webbrowser.open(page.absolute().as_uri()):
        raise ZooError("there is no browser here that could be started", f"open it yourself: {page}", ENVIRONMENT)
