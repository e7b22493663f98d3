"""`harness retry`: carry out again the trials of a run that did not end ok."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.commands.resume import add_output_options, add_run_name, request_of

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    add_run_name(parser)
    parser.add_argument("--failed", action="store_true", required=True, help="every trial whose record is not ok")
    add_output_options(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.runs.resume import retry

    run = retry(request_of(arguments))
    if run is None:
        return 0
    print(run.text(as_json=arguments.json))
    return run.exit_code
