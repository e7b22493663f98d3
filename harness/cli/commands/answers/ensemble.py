"""`harness ensemble A B C`: what models of a run are worth together, or which of them are best together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json, typed
from harness.cli.shared.stored_run import RUN_HELP, add_run_folder, show, show_json
from harness.plan.values import whole

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.tables.answers.ensembles",)


def configure(parser: argparse.ArgumentParser) -> None:
    what = "models whose probabilities are averaged, seed by seed; of one model alone, those of all its seeds"
    parser.add_argument("models", nargs="*", metavar="MODEL", help=what)
    parser.add_argument("--run", metavar="RUN", help=f"which run the models are of; {RUN_HELP}")
    parser.add_argument(
        "--search",
        type=typed(whole(2)),
        metavar="K",
        help="choose at most K of the models (default: of all) by their validation images, and judge these on test",
    )
    add_json(parser)
    add_run_folder(parser, "harness ensemble resnet18 fc_model")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from results.answers.ensembles.ensemble import ensemble
    from results.tables.answers import ensembles

    answer = ensemble(arguments.models, arguments.run, arguments.output, arguments.search)
    if arguments.json:
        show_json(ensembles.data(answer))
    else:
        show(ensembles.lines(answer))
    return 0
