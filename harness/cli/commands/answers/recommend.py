"""`harness recommend`: the cheapest model of a run that is within limits and may be as good as the best within them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json, typed
from harness.cli.shared.stored_run import RUN_HELP, add_run_folder, show, show_json
from harness.plan.values import real, whole

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

NOTHING_FITS = 1
# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.tables.answers.recommendation", "results.store.run_store")
DEVICES = ("cpu", "cuda", "mps", "xpu")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help=RUN_HELP)
    limit = typed(real(0, open_low=True))
    parser.add_argument("--max-ms", type=limit, metavar="MS", help="milliseconds that a batch may take")
    parser.add_argument("--on", choices=DEVICES, help="where it is to run (default: where the run trained)")
    parser.add_argument("--batch-size", type=typed(whole(1)), metavar="N", help="images a batch: as the run timed them")
    parser.add_argument("--max-params", type=limit, metavar="M", help="parameters, in millions")
    parser.add_argument(
        "--max-memory",
        type=limit,
        metavar="MIB",
        help="peak memory of training: the accelerator's own, or the process's",
    )
    parser.add_argument(
        "--within",
        type=typed(real(0)),
        metavar="PP",
        help="take a cheaper model with at most so many points of error more (default: what is not told apart)",
    )
    add_json(parser)
    add_run_folder(parser, "harness recommend --max-ms 30 --on cpu")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from results.answers.limits import Limits
    from results.answers.recommend import recommend
    from results.ranking.summary import summarise
    from results.store.run_store import RunStore
    from results.tables.answers import recommendation

    store = RunStore.find(arguments.run, arguments.output)
    limits = Limits(
        max_ms=arguments.max_ms,
        on=arguments.on,
        batch_size=arguments.batch_size,
        max_params=arguments.max_params,
        max_memory=arguments.max_memory,
        within=arguments.within,
    )
    answer = recommend(summarise(store.records(), store.predictions), limits)
    if arguments.json:
        show_json(recommendation.data(answer))
    else:
        show(recommendation.lines(answer))
    return 0 if answer.chosen else NOTHING_FITS
