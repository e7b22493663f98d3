"""`harness resume`: go on with a run that was stopped, killed or ran out of disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from harness.cli.shared.stored_run import show
from harness.cli.shared.train_options import add_option, add_output, add_progress
from harness.plan.option_table import LOGGER, NPROC

if TYPE_CHECKING:
    import argparse

    from harness.plan.request import ResumeRequest
    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    add_run_name(parser)
    add_output_options(parser)


def add_run_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="ID|FOLDER", help="which run (default: the latest)")


def add_output_options(parser: argparse.ArgumentParser) -> None:
    add_output(parser, "where runs lie")
    add_option(parser, "logger", replace(LOGGER, help=f"{LOGGER.help}; none: no more (default: as the run was begun)"))
    again = "processes that train each model together (default: as the run was begun)"
    add_option(parser, "nproc", replace(NPROC, help=again, default=None))
    add_json(parser, "print the table as JSON instead of text")
    add_progress(parser)


def request_of(arguments: argparse.Namespace) -> ResumeRequest:
    from harness.plan.request import ResumeRequest

    return ResumeRequest(
        run=arguments.run,
        output=arguments.output,
        plugins=tuple(arguments.plugins),
        logger=tuple(arguments.logger),
        nproc=arguments.nproc,
        log=arguments.log,
        quiet=arguments.quiet,
    )


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.picks.pick_file import is_pick
    from harness.runs.resume import find_run, resume

    request = request_of(arguments)
    if is_pick(store := find_run(request)):
        from harness.picks.start import resume as resume_pick

        picked = resume_pick(store, request)
        show([picked.text(as_json=arguments.json)])
        return picked.run.exit_code
    run = resume(request)
    print(run.text(as_json=arguments.json))
    return run.exit_code
