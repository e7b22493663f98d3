"""`harness classes`: how well each class is recognised by models of a run, and what it is mistaken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json, typed
from harness.cli.shared.stored_run import add_run_folder, show, show_json
from harness.plan.values import whole

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.tables.answers.classes",)
MOST = 20


def configure(parser: argparse.ArgumentParser) -> None:
    what = "a run, its models, or a run and then models of it (default: the best of the latest run)"
    parser.add_argument("names", nargs="*", metavar="RUN|MODEL", help=what)
    parser.add_argument("--most", type=typed(whole(0)), default=MOST, metavar="N", help="the worst classes; 0: all")
    add_json(parser, "print all classes as JSON")
    add_run_folder(parser, "harness classes resnet18 fc_model")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from results.answers.class_scores import class_scores
    from results.tables.answers import classes

    scores = class_scores(arguments.names, arguments.output)
    if arguments.json:
        show_json(classes.data(scores))
    else:
        show(classes.lines(scores, arguments.most))
    return 0
