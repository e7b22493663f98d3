"""`harness run`: train and measure models on one dataset, and write the comparison."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.api.choosing import choose
from harness.api.plugin_warnings import report_broken
from harness.cli.shared.messages import Messages
from harness.cli.shared.parser import add_json, typed
from harness.cli.shared.stored_run import show
from harness.cli.shared.train_options import add_progress, add_run_options
from harness.plan.values import real
from results.pictures.figure import require_drawing

if TYPE_CHECKING:
    import argparse

    from harness.runs.finished_run import Run
    from zoo.discovery import Zoo

# Loaded before any plugin is: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.ranking.metrics", "results.tables.render", "results.page.write", "results.store.run_store")


def configure(parser: argparse.ArgumentParser) -> None:
    output = add_run_options(parser)
    add_json(output, "print the table as JSON instead of text")
    add_progress(output)
    limit = typed(real(0, open_low=True))
    output.add_argument("--max-ms", type=limit, metavar="MS", help="end with what harness recommend --max-ms says")
    pictures = "draw curves, error against time and confusion matrices into the run's folder (needs matplotlib)"
    output.add_argument("--plots", action="store_true", help=pictures)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.plan.request import RunRequest

    messages = Messages(arguments.log == "json")
    if arguments.plots:
        require_drawing()  # before hours of training
    report_broken(zoo, messages.note)
    request = RunRequest.of(vars(arguments), command=sys.argv[1:])
    choices = choose(
        zoo,
        request.models,
        request.settings,
        license=request.license,
        weights=request.train.weights,
        say=messages.note,
    )
    from harness.cluster.engine_run import run

    finished = run(request, choices, zoo)
    print(finished.text(as_json=arguments.json))
    if arguments.plots:
        messages.note(_drawn(finished))
    if arguments.max_ms is not None and not arguments.json:
        show(_recommended(finished, arguments.max_ms))
    return finished.exit_code


def _drawn(finished: Run) -> str:
    from results.pictures.run_pictures import FOLDER, draw_run

    drawn = [path.name for path in draw_run(finished.store, finished.summary)]
    files = f"drew {finished.path / FOLDER}/{{{','.join(drawn)}}}"
    return files if drawn else "nothing to draw: no model has learnt"


def _recommended(finished: Run, max_ms: float) -> list[str]:
    from results.answers.limits import Limits
    from results.answers.recommend import recommend
    from results.errors import StoreError
    from results.tables.answers import recommendation

    try:
        return recommendation.lines(recommend(finished.summary, Limits(max_ms=max_ms)))
    except StoreError as error:  # hours of training end with their table, whatever was timed
        return [f"nothing to recommend: {error.cause}"]
