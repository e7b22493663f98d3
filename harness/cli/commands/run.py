"""`harness run`: train and measure models on one dataset, and write the comparison."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.api.plugin_warnings import report_broken
from harness.cli.shared.parser import add_json
from harness.cli.shared.train_options import add_option, add_run_options
from harness.plan.option_table import QUIET

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

# Loaded before any plugin is: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.ranking.metrics", "results.tables.render", "results.store.run_store")


def configure(parser: argparse.ArgumentParser) -> None:
    output = add_run_options(parser)
    add_json(output, "print the table as JSON instead of text")
    add_option(output, "quiet", QUIET)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.plan.request import RunRequest

    report_broken(zoo)
    request = RunRequest.of(vars(arguments), command=sys.argv[1:])
    choices = zoo.select(request.models)
    from harness.runs.start import run

    finished = run(request, choices, zoo)
    print(finished.text(as_json=arguments.json))
    return finished.exit_code
