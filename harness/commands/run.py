"""`harness run`: train and measure models on one dataset, and write the comparison."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.arguments import add_json
from harness.option_table import QUIET
from harness.plugin_warnings import report_broken
from harness.train_options import add_option, add_run_options

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

# Loaded before any plugin is: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.metrics", "results.render", "results.store")


def configure(parser: argparse.ArgumentParser) -> None:
    output = add_run_options(parser)
    add_json(output, "print the table as JSON instead of text")
    add_option(output, "quiet", QUIET)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.request import RunRequest

    report_broken(zoo)
    request = RunRequest.of(vars(arguments), command=sys.argv[1:])
    choices = zoo.select(request.models)
    from harness.start import run

    finished = run(request, choices, zoo)
    print(finished.text(as_json=arguments.json))
    return finished.exit_code
