"""`harness worker`: carry out trials of a run that lies in a folder which several workers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.shared.parser import typed
from harness.cli.shared.train_options import add_output, add_progress
from harness.plan.option_table import RUN
from harness.plan.values import cores, real
from results.store.claims import BEATS_MISSED, HEARTBEAT_S

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

TIME = "stop after this, the trial in progress with its checkpoint (default: when the run is over)"
HEARTBEAT = f"between two signs of life: after {BEATS_MISSED} that are missing others take the trial over"
STDIN = "stop when standard input ends: with the ssh connection, or the process that started it"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="ID|FOLDER", help="the run, begun by: harness run --workers-only")
    parser.add_argument("--device", type=typed(RUN["device"].check), help="such as cuda:1 (default: as the run says)")
    parser.add_argument("--cores", type=typed(cores), default=(), metavar="LIST", help="keep to these, such as 0-3,6")
    parser.add_argument("--max-minutes", type=typed(real(0, open_low=True)), metavar="MINUTES", help=TIME)
    seconds = typed(real(0, open_low=True))
    parser.add_argument("--heartbeat", type=seconds, default=HEARTBEAT_S, metavar="SECONDS", help=HEARTBEAT)
    parser.add_argument("--end-with-stdin", action="store_true", help=STDIN)
    add_output(parser, "where runs lie")
    add_progress(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.cluster.worker import work
    from harness.plan.request import WorkerRequest

    return work(
        WorkerRequest(
            run=arguments.run,
            output=arguments.output,
            plugins=tuple(arguments.plugins),
            device=arguments.device,
            cores=arguments.cores,
            max_minutes=arguments.max_minutes,
            heartbeat_s=arguments.heartbeat,
            ends_with_stdin=arguments.end_with_stdin,
            log=arguments.log,
            quiet=arguments.quiet,
        )
    )
