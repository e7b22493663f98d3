"""An earlier run taken up again: the same trials, on the same data, without those that have ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.machine import devices
from harness.plan.changes import refuse_changes
from harness.plan.config import Trial, called
from harness.plan.option_table import RUN, flag
from harness.plan.plugin_guard import WATCHED
from harness.plan.run_setup import PATHS, RunSetup
from harness.plan.trials import Planned
from harness.runs.console.screen import Screen, open_screen
from harness.runs.content import require_same_content
from harness.runs.loggers.choice import chosen
from harness.runs.loggers.run_loggers import RunLoggers
from harness.runs.preparation import DEFAULT_DATASET, check_processes, open_context
from harness.runs.session import Session
from harness.runs.signals import signals_raise
from results.errors import StoreError
from results.sanitize import plain
from results.store.lock import locked
from results.store.run_store import RUN_FILE, RunStore
from zoo.discovery import discover
from zoo.errors import ENVIRONMENT, ZooError
from zoo.libraries.download import weights_dir
from zoo.manager.loading import read_requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.plan.request import ResumeRequest, RunRequest
    from harness.runs.context import RunContext
    from harness.runs.finished_run import Run
    from harness.runs.session import Engine
    from zoo.discovery import Zoo

RESTORE = "restore them, or start a new run: python -m harness run"
AS_BEGUN = "give the run's own options, or none: python -m harness resume; or start a new run"


def resume(request: ResumeRequest) -> Run:
    """`harness resume`: what is left of a run. Raises ZooError where its plugins or its data are not what they were."""
    with signals_raise(), open_screen(request.log, quiet=request.quiet) as screen:
        return go_on(find_run(request), request.plugins, request.logger, screen, nproc=request.nproc)


def go_on(
    store: RunStore,
    plugins: Sequence[str],
    logger: Sequence[str],
    screen: Screen,
    engine: Engine | None = None,
    nproc: int | None = None,
) -> Run:
    """Carry out what has no record in `store` yet; `plugins` are loaded beside the run's own.

    `logger` are the loggers that it goes on with, `nproc` the processes that train a trial: the run's own where none is
    named. `engine` carries the trials out where they are not taken here, one after the other.
    """
    run = take_up(store, plugins, screen, nproc=nproc)
    loggers = RunLoggers(chosen(logger or run.setup.logger, run.zoo), run.setup.plugins)
    session = Session(
        context=run.context,
        store=store,
        zoo=run.zoo,
        setup=run.setup,
        screen=screen,
        loggers=loggers,
        engine=engine,
    )
    with weights_dir(run.setup.weights_dir):
        return session.carry_out(run.planned)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """An earlier run as it can be gone on with: what it was asked, its trials, and those without a record."""

    setup: RunSetup
    zoo: Zoo
    planned: Sequence[Planned]
    to_do: Sequence[Planned]
    context: RunContext


def take_up(
    store: RunStore,
    plugins: Sequence[str],
    screen: Screen,
    *,
    device: str | None = None,
    nproc: int | None = None,
) -> StoredRun:
    """The run in `store`, its plugins and data opened on this machine; `device` is one like that of the run.

    `nproc` processes train a trial, as many as the run says where that is None.

    Raises ZooError where plugins, weights or data are not what they were.
    """
    configuration = store.configuration
    # With what is named now, here or in the environment: a trial's process is told no more than this.
    begun = setup_of(configuration)
    words = read_requests([*begun.plugins, *plugins], os.environ).words
    setup = replace(begun, plugins=words, nproc=nproc or begun.nproc, device=device or begun.device)
    zoo = discover(words, watched=WATCHED, remembered=True)
    planned = remembered_trials(configuration, zoo)
    check_processes(setup, planned[0].trial.train)
    _require_kind(setup.device, planned)
    context = open_context(setup, zoo, planned, screen)
    refuse_changes(configuration["data"], context.dataset.facts, "the data are not those of the run", RESTORE)
    done = store.done()
    to_do = [item for item in planned if item.trial.key not in done]
    for note in require_same_content(store, to_do, context.content):
        screen.line(f"note: {note}")
    return StoredRun(setup=setup, zoo=zoo, planned=planned, to_do=to_do, context=context)


def _require_kind(device: str, planned: Sequence[Planned]) -> None:
    """Raise ZooError for a device of another kind than the run's trials were planned for: its keys say which."""
    kind, wanted = devices.resolve(device).type, planned[0].trial.device
    if kind != wanted:
        cause = f"the run trains on {wanted}, and --device {device} is {kind} here"
        raise ZooError(cause, f"go on with it on a machine that has {wanted}", ENVIRONMENT)


def resume_as_planned(
    request: RunRequest, planned: Sequence[Planned], screen: Screen, engine: Engine | None = None
) -> Run:
    """`harness run --resume`: as `resume`, once it is sure that the very trials of that run are asked for."""
    store = RunStore.find(request.resume or "", request.output)
    same_trials(store.configuration, planned)
    same_setup(setup_of(store.configuration), request.setup)
    return go_on(store, request.setup.plugins, request.setup.logger, screen, engine, request.setup.nproc)


def retry(request: ResumeRequest) -> Run | None:
    """`harness retry`: put the records of trials that did not end ok aside, and carry these trials out again.

    None where every trial has ended ok.
    """
    store = find_run(request)
    with locked(store.path):
        failed = [record for record in store.records() if record.status != "ok"]
        for record in failed:
            store.retire(record)
    # No longer locked: the run takes the lock itself, and would not get it from its own process either.
    if not failed:
        print(plain(f"no trial of {store.path.name} has failed"))
        return None
    with signals_raise(), open_screen(request.log, quiet=request.quiet) as screen:
        return go_on(store, request.plugins, request.logger, screen, nproc=request.nproc)


def find_run(request: ResumeRequest) -> RunStore:
    """The run that was named, or the latest one. Raises StoreError where there is none."""
    return RunStore.find(request.run, request.output)


def setup_of(configuration: Mapping[str, Any]) -> RunSetup:
    """What the run was asked beside its trials."""
    try:
        return RunSetup.from_json(configuration["setup"])
    except (KeyError, TypeError) as error:
        raise _other_version(configuration, error) from error


def remembered_trials(configuration: Mapping[str, Any], zoo: Zoo) -> list[Planned]:
    """The trials as they were planned. Raises where a model is gone, or a trial now means something else."""
    planned = []
    for row in configuration["trials"]:
        plain = {name: value for name, value in row.items() if name != "key"}
        try:
            trial = Trial.from_json(plain)
        except (KeyError, TypeError) as error:
            raise _other_version(configuration, error) from error
        if trial.key != row["key"]:
            refuse_changes(plain, trial.as_json(), f"{trial.model} has other settings than in the run", RESTORE)
            raise StoreError(f"{RUN_FILE} was changed: {trial.model} has another key", "restore it, or start a new run")
        planned.append(Planned(trial=trial, choice=zoo.select(trial.model)[0]))
    return planned


def same_trials(configuration: Mapping[str, Any], planned: Sequence[Planned]) -> None:
    """Raise ZooError where the flags given with --resume ask for other trials than the run's own."""
    then = {called(row["model"], row["seed"], row.get("fold")): row for row in configuration["trials"]}
    now = {item.label: {"key": item.trial.key, **item.trial.as_json()} for item in planned}
    if then.keys() != now.keys():
        raise ZooError(
            f"the run has {len(then)} trials and these flags ask for {len(now)}: "
            f"{', '.join(sorted(then.keys() ^ now.keys())[:3])}",
            "give the run's own --plugins and --seeds, or: python -m harness resume",
        )
    for label in then:
        # Without their keys, which differ wherever anything does, and say nothing.
        refuse_changes(then[label] | {"key": ""}, now[label] | {"key": ""}, f"{label} has other settings", RESTORE)


def same_setup(then: RunSetup, now: RunSetup) -> None:
    """Raise ZooError where a flag given with --resume asks for what the run was not begun with: none would be heeded.

    Plugins may be added, and loggers and the number of processes may be others.
    """
    before, after = ({flag(name, RUN[name]): value for name, value in _meant(setup).items()} for setup in (then, now))
    refuse_changes(before, after, "the run was begun with other options", AS_BEGUN)


def _meant(setup: RunSetup) -> dict[str, Any]:
    """The options with what they come to: a device by its name here, and the dataset that is taken if none is named."""
    options = {name: value for name, value in setup.as_json().items() if name not in ("plugins", "logger", "nproc")}
    dataset = setup.dataset or (None if any(options[name] for name in PATHS) else DEFAULT_DATASET)
    return options | {"device": str(devices.resolve(setup.device)), "dataset": dataset}


def _other_version(configuration: Mapping[str, Any], error: Exception) -> StoreError:
    cause = f"{RUN_FILE} was written by harness {configuration.get('harness', '?')} and does not fit this one ({error})"
    return StoreError(cause, "go on with the version that began the run")
