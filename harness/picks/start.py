"""A pick from what is asked to its answer; and one that was begun, gone on with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from harness.machine import devices
from harness.picks.finals import hold_finals
from harness.picks.funnel import STAGES, Funnel
from harness.picks.listing.latencies import Clocks
from harness.picks.listing.weights_plan import fetch_list
from harness.picks.make_listing import Listing, make_listing
from harness.picks.pick_file import PickFile, require_same_data
from harness.picks.probes.image_sets import choose_images, set_sizes
from harness.picks.probes.probing import Probing
from harness.picks.report import words
from harness.picks.report.account import account
from harness.picks.report.pick_csv import PICK_CSV, pick_csv
from harness.picks.request import PickRequest
from harness.picks.rungs import FIRST_RUNG
from harness.plan.plugin_guard import WATCHED
from harness.runs.console.events import Stage, Stopped
from harness.runs.console.screen import open_screen
from harness.runs.preparation import configuration, opened
from harness.runs.signals import Terminated, signals_raise
from results.answers.picked import picked
from results.store.atomic import write_atomic
from results.store.lock import locked
from results.store.run_store import RunStore
from results.tables.answers.picked import lines as picked_lines
from zoo.discovery import discover
from zoo.errors import ZooError
from zoo.libraries.download import weights_dir
from zoo.manager.loading import read_requests

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame

    from harness.plan.request import ResumeRequest
    from harness.runs.console.screen import Screen
    from harness.runs.context import RunContext
    from harness.runs.finished_run import Run
    from results.ranking.summary import Row
    from zoo.discovery import Zoo

PLAN_FILE = "plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A pick that has come to its end: the `run` of its finalists, in whose folder all of it lies."""

    run: Run

    @property
    def table(self) -> DataFrame:
        """The finalists' table, as `harness.run` gives it."""
        return self.run.table

    @property
    def lines(self) -> list[str]:
        """The funnel, the answer with its uncertainty, the nearest misses and what random models say."""
        found = picked(self.run.store)
        return picked_lines(found, self.run.summary) if found else []

    @property
    def pick_csv(self) -> Path:
        """The file with a line for each model of the catalogue."""
        return self.run.path / PICK_CSV

    def text(self, *, as_json: bool = False) -> str:
        """What the command line prints at the end."""
        table = self.run.text(as_json=as_json)
        return table if as_json else "\n".join([table, "", *self.lines])


def look_ahead(request: PickRequest, zoo: Zoo) -> list[str]:
    """`--dry-run`: what would be tried, a line each, without looking at an image; a limit of time is measured for."""
    run = request.run
    with signals_raise(), weights_dir(run.setup.weights_dir), open_screen(run.log, quiet=run.quiet) as screen:
        listing = _listed(request, zoo, PickFile(), screen)
    return [*_opening_lines(listing, request), "", *words.shortlist_table(listing)]


def pick(request: PickRequest, zoo: Zoo) -> Pick:
    """Find the best of all pretrained models on a person's images. Raises ZooError where it cannot even begin."""
    run = request.run
    with signals_raise(), weights_dir(run.setup.weights_dir), open_screen(run.log, quiet=run.quiet) as screen:
        context = opened(run.setup, zoo, (), screen, train=run.train)
        store = RunStore.create(run.output, context.dataset.name, configuration(run, (), context, zoo))
        file = PickFile(store, request.arguments)
        file.write()
        return _carry_out(request, zoo, context, file, screen)


def resume(store: RunStore, asked: ResumeRequest) -> Pick:
    """What is left of a pick. Raises ZooError where its data are not what they were."""
    request = PickRequest.from_json(PickFile.open(store).arguments)
    setup = request.run.setup
    plugins = read_requests([*setup.plugins, *asked.plugins], os.environ).words
    setup = replace(setup, plugins=plugins, logger=asked.logger or setup.logger)
    run = replace(request.run, setup=setup, log=asked.log, quiet=asked.quiet)
    return _go_on(store, replace(request, run=run), discover(plugins, watched=WATCHED, remembered=True))


def _go_on(store: RunStore, request: PickRequest, zoo: Zoo) -> Pick:
    run = request.run
    with signals_raise(), weights_dir(run.setup.weights_dir), open_screen(run.log, quiet=run.quiet) as screen:
        context = opened(run.setup, zoo, (), screen, train=run.train)
        require_same_data(store, context.dataset)
        return _carry_out(request, zoo, context, PickFile.open(store), screen)


def _carry_out(request: PickRequest, zoo: Zoo, context: RunContext, file: PickFile, screen: Screen) -> Pick:
    store = _store(file)
    try:
        with locked(store.path):
            began = monotonic()
            screen.line(f"store    {store.path}")
            listing = _listed(request, zoo, file, screen)
            store.write(PLAN_FILE, fetch_list(words.to_fetch(listing)))
            _require_weights(listing, store.path / PLAN_FILE)
            for line in _opening_lines(listing, request, _seconds(listing, request, context)):
                screen.line(line)
            finalists = _probed(request, zoo, context, listing, file, screen, began)
        candidates = [listing.candidates[name] for name in finalists]
        run = hold_finals(request, candidates, context.dataset, store, zoo, screen)
    except (KeyboardInterrupt, Terminated):
        screen.tell(Stopped(store=str(store.path), resume=f"python -m harness resume {store.path}"))
        raise
    _write_csv(listing, file, run.summary.rows)
    return Pick(run=run)


def _probed(
    request: PickRequest,
    zoo: Zoo,
    context: RunContext,
    listing: Listing,
    file: PickFile,
    screen: Screen,
    began: float,
) -> list[str]:
    """The names of the finalists; pick.csv says what became of all others, whatever happens."""
    setup, dataset = request.run.setup, context.dataset
    probing = Probing(
        folder=_store(file).path,
        zoo=zoo,
        images=choose_images(dataset, *set_sizes(len(dataset.classes), context.device.type), seed=request.run.seed),
        device=context.device,
        plugins=setup.plugins,
        memory_mib=setup.memory_limit,
        note=screen.line,
    )
    funnel = Funnel(
        request=request,
        listing=listing,
        probing=probing,
        file=file,
        screen=screen,
        device_type=context.device.type,
        dataset=dataset.name,
        deadline=None if request.budget is None else began + request.budget,
    )
    try:
        names = funnel.finalists()
    finally:
        _write_csv(listing, file)
        _store(file).clear_work()
    file.once("account", lambda: account(listing, file.stages[STAGES[1]], file.stages[STAGES[2]], names))
    return names


def _listed(request: PickRequest, zoo: Zoo, file: PickFile, screen: Screen) -> Listing:
    """The models to try; those to fetch are written down where somebody wants to fetch them elsewhere."""
    setup, run = request.run.setup, request.run
    clocks = Clocks(
        device=str(devices.resolve(request.on or setup.device)),
        timing=replace(run.timing, numerics=run.train.numerics, train=False),
        plugins=setup.plugins,
        memory_mib=setup.memory_limit,
        tell=partial(_timing, screen),
    )
    listing = make_listing(request, zoo, file, clocks, devices.resolve(setup.device).type)
    if request.plan is not None:
        write_atomic(request.plan, fetch_list(words.to_fetch(listing)))
    return listing


def _require_weights(listing: Listing, plan: Path) -> None:
    """With --offline, on a machine to which nothing was brought yet: what to bring is written down by now."""
    if not listing.tried and listing.wanted:
        remedy = f"name their folder with --weights-dir, or where there is a network: harness fetch {plan}"
        raise ZooError(f"{words.offline_line(listing)}: the weights of no model that fits are here", remedy)


def _seconds(listing: Listing, request: PickRequest, context: RunContext) -> float | None:
    """About how long the probes compute, from what was timed; None where the times are not those of the device."""
    times = [listing.latencies.get(one.candidate.name) for one in listing.tried]
    if request.on not in (None, context.device.type) or None in times:
        return None
    first, second = set_sizes(len(context.dataset.classes), context.device.type)
    counts = context.dataset.counts
    images = min(first, counts["train"])
    later = min(second, counts["train"]) - images + min(second, counts["val"])
    a_model = images + FIRST_RUNG.most_share * max(later, 0)
    return a_model * sum(time.ms for time in times if time) / request.infer_batch_size / 1e3


def _opening_lines(listing: Listing, request: PickRequest, seconds: float | None = None) -> list[str]:
    """The funnel so far, and what comes."""
    lines = [f"funnel   {words.funnel(listing.steps)}"]
    lines += [f"offline  {words.offline_line(listing)}"] if request.offline else []
    return [*lines, words.plan_line(listing, request, seconds)]


def _write_csv(listing: Listing, file: PickFile, rows: Sequence[Row] = ()) -> None:
    rungs = [file.stages[stage] for stage in STAGES.values() if stage in file.stages]
    finalists = file.stages.get("account", {}).get("finalists", ())
    _store(file).write(PICK_CSV, pick_csv(listing, rungs, finalists, rows))


def _store(file: PickFile) -> RunStore:
    assert file.store is not None, "only a dry run has no folder"
    return file.store


def _timing(screen: Screen, name: str, done: int, total: int) -> None:
    line = f"  timing {name}" if name else ""
    screen.tell(Stage(name="timing", done=done, total=total, detail=name, line=line, is_timed=bool(name)))
