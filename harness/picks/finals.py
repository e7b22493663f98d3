"""The finals: the models that are left as an ordinary run, in the pick's own folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.runs.console.opening import FOLDS, are_few
from harness.runs.loggers.choice import chosen
from harness.runs.loggers.run_loggers import RunLoggers
from harness.runs.preparation import configuration, open_context, planned_trials
from harness.runs.resume import go_on
from harness.runs.session import Session
from zoo.selection import Choice

if TYPE_CHECKING:
    from harness.data.dataset import Dataset
    from harness.picks.listing.candidates import Candidate
    from harness.picks.request import PickRequest
    from harness.plan.request import RunRequest
    from harness.runs.console.screen import Screen
    from harness.runs.finished_run import Run
    from results.store.run_store import RunStore
    from zoo.discovery import Zoo


def hold_finals(
    request: PickRequest,
    finalists: Sequence[Candidate],
    dataset: Dataset,
    store: RunStore,
    zoo: Zoo,
    screen: Screen,
) -> Run:
    """Train and measure the finalists; the test images are opened here, and only here."""
    if store.configuration["trials"]:  # they were under way when the pick was stopped
        return go_on(store, request.run.setup.plugins, request.run.setup.logger, screen)
    run = _as_run(request.run, finalists, dataset, screen)
    choices = [
        Choice(spec=zoo.models[one.model][0], owner=zoo.models[one.model][1], weights=one.tag or None)
        for one in finalists
    ]
    planned = planned_trials(run, choices, zoo)
    context = open_context(run.setup, zoo, planned, screen)
    store.configure(configuration(run, planned, context, zoo))
    logging = RunLoggers(chosen(run.setup.logger, zoo), run.setup.plugins)
    session = Session(context=context, store=store, zoo=zoo, setup=run.setup, screen=screen, loggers=logging)
    return session.carry_out(planned)


def _as_run(run: RunRequest, finalists: Sequence[Candidate], dataset: Dataset, screen: Screen) -> RunRequest:
    """The run of the finalists: in folds where few images are tested and all could be."""
    named = replace(run, models=",".join(one.name for one in finalists))
    if run.folds or not are_few(dataset):
        return named
    screen.line(
        f"note: {dataset.counts['test']:,} test images are few: the finals test all images once, in {FOLDS} folds; the "
        "finalists were chosen on some of them, which makes their errors a little too kind"
    )
    return replace(named, folds=FOLDS, num_seeds=1)
