"""A run from what is asked to its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.runs.console.screen import open_screen
from harness.runs.loggers.choice import chosen
from harness.runs.loggers.run_loggers import RunLoggers
from harness.runs.preparation import configuration, open_context, planned_trials
from harness.runs.resume import resume_as_planned
from harness.runs.session import Session
from harness.runs.signals import signals_raise
from results.store.run_store import RunStore
from zoo.libraries.download import weights_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.plan.request import RunRequest
    from harness.runs.finished_run import Run
    from harness.runs.session import Engine
    from zoo.discovery import Zoo
    from zoo.selection import Choice


def run(request: RunRequest, choices: Sequence[Choice], zoo: Zoo, engine: Engine | None = None) -> Run:
    """Train and measure `choices`, and write what came out. Raises ZooError where the run cannot even begin.

    `engine` carries the trials out where they are not taken here, one after the other.
    """
    with (
        signals_raise(),
        weights_dir(request.setup.weights_dir),
        open_screen(request.log, quiet=request.quiet) as screen,
    ):
        loggers = chosen(request.setup.logger, zoo)
        planned = planned_trials(request, choices, zoo)
        if request.resume:
            return resume_as_planned(request, planned, screen, engine)
        context = open_context(request.setup, zoo, planned, screen)
        store = RunStore.create(request.output, context.dataset.name, configuration(request, planned, context, zoo))
        logging = RunLoggers(loggers, request.setup.plugins)
        session = Session(
            context=context,
            store=store,
            zoo=zoo,
            setup=request.setup,
            screen=screen,
            loggers=logging,
            engine=engine,
        )
        return session.carry_out(planned)
