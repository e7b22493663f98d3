"""`harness run`: train and measure models on one dataset, and write the comparison."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.arguments import real, whole
from harness.commands.list import report_broken
from harness.options import add_data_options, add_model_options, add_speed_options, add_training_options

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

# Loaded before any plugin is: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.metrics", "results.render", "results.store")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plugins", default="starter", help="names, globs, tags, all; a leading - excludes")
    add_data_options(parser)
    add_model_options(parser)
    add_training_options(parser)
    add_speed_options(parser)
    _add_safety_options(parser)
    group = parser.add_argument_group("measuring and output")
    group.add_argument(
        "--check-determinism", action="store_true", help="train each model a few steps twice more; mark what differs"
    )
    group.add_argument("--time-budget", type=real(0), default=1.0, help="seconds of timing per model, device and step")
    group.add_argument("--output", type=Path, default=Path("results/runs"), help="where the run's folder is made")
    group.add_argument("--json", action="store_true", help="print the table as JSON instead of text")
    group.add_argument("--quiet", action="store_true", help="no progress on stderr")


def _add_safety_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("isolation and resuming")
    group.add_argument(
        "--trial-timeout", type=real(0), default=4 * 3600.0, metavar="SECONDS", help="end a trial after this (0: never)"
    )
    group.add_argument("--memory-limit", type=whole(1), metavar="MIB", help="memory that a trial may take (Linux)")
    group.add_argument(
        "--checkpoint-every",
        type=real(0),
        default=300.0,
        metavar="SECONDS",
        help="of training, between two checkpoints within an epoch",
    )
    group.add_argument(
        "--no-isolation", dest="isolation", action="store_false", help="run trials in this process, for debugging"
    )
    group.add_argument("--resume", metavar="ID|FOLDER", help="go on with this run, if the flags ask for the same")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    report_broken(zoo)
    choices = zoo.select(arguments.plugins)
    from harness.session import run

    return run(arguments, choices, zoo)
