"""`harness time NAMES`: how long models take and how much they need, without data and without training them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.api.choosing import choose
from harness.api.plugin_warnings import report_broken
from harness.cli.shared.messages import Messages
from harness.cli.shared.parser import add_json
from harness.cli.shared.train_options import add_options, add_progress
from harness.plan.option_table import TIME
from results.sanitize import harmless
from zoo.building import require_installed

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", metavar="names", help=TIME["models"].help)
    add_options(parser, {name: option for name, option in TIME.items() if name not in {"models", "log", "quiet"}})
    add_progress(parser)
    output = parser.add_mutually_exclusive_group()
    add_json(output, "print rows as JSON")
    output.add_argument("--csv", action="store_true", help="print rows as CSV, with timm's column names")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.plan.request import TimeRequest

    messages = Messages(arguments.log == "json")
    report_broken(zoo, messages.note)
    request = TimeRequest.of(vars(arguments))
    choices = choose(zoo, request.models, request.settings, license=request.license, say=messages.note)
    for choice in choices:
        require_installed(choice.spec)
    # Only now: importing torch takes a second, and what is not installed is said before it.
    from harness.api import sweep, timing_rows
    from harness.cli.commands.time import table

    timed = sweep.sweep(request, choices)
    if arguments.json or arguments.csv:
        print(harmless(timing_rows.as_json(timed) if arguments.json else timing_rows.as_csv(timed)), end="")
    else:
        print(harmless(table.render(timed)))
    return 0 if all(row["status"] == "ok" for row in timed) else 1
