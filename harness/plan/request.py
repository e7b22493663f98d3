"""What is asked of the harness, as plain data: built from flags by the command line, from arguments by Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.plan.config import TimingConfig, TrainConfig
from harness.plan.options import sweep_configs, train_config
from harness.plan.run_setup import RunSetup
from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A run: every model that `models` stands for, with the options of `settings`, from `num_seeds` seeds on.

    `license` leaves those of them that have weights under one of these licences.
    With `folds` each seed is a repeat of cross-validation in so many folds. `jobs` workers are started for it here, or
    with `workers_only` somebody starts them elsewhere. `resume` names an earlier run that is to be gone on with,
    `command` is what run.json says was typed. `engine` carries the trials out, None one after the other here; `address`
    is that of its cluster.
    """

    models: str
    train: TrainConfig
    timing: TimingConfig
    setup: RunSetup
    seed: int
    num_seeds: int
    output: Path
    folds: int | None = None
    jobs: int | None = None
    workers_only: bool = False
    resume: str | None = None
    engine: str | None = None
    address: str | None = None
    log: str | None = None
    quiet: bool = False
    command: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    license: str | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any], command: Sequence[str]) -> RunRequest:
        """From a value for each option of a run. Raises ZooError where two of them cannot both be meant."""
        _check_folds(arguments)
        _check_progress(arguments)
        _check_workers(arguments)
        return cls(
            models=arguments["models"],
            train=train_config(arguments),
            timing=TimingConfig(budget_s=arguments["time_budget"]),
            setup=RunSetup.of(arguments),
            seed=arguments["seed"],
            num_seeds=arguments["repeats"] if arguments["folds"] else arguments["seeds"],
            folds=arguments["folds"],
            output=arguments["output"],
            jobs=arguments["jobs"],
            workers_only=arguments["workers_only"],
            resume=arguments["resume"],
            engine=arguments["engine"],
            address=arguments["address"],
            log=arguments["log"],
            quiet=arguments["quiet"],
            command=tuple(command),
            settings=tuple(arguments["set"]),
            license=arguments["license"],
        )


def _check_progress(arguments: Mapping[str, Any]) -> None:
    if arguments["quiet"] and arguments["log"]:
        raise ZooError("--quiet and --log exclude each other", "leave one of them out", USAGE)


def _check_workers(arguments: Mapping[str, Any]) -> None:
    if arguments["jobs"] and arguments["workers_only"]:
        remedy = "leave --workers-only out; more workers may join the run all the same"
        raise ZooError("--jobs and --workers-only exclude each other", remedy, USAGE)
    if not arguments["isolation"] and (arguments["jobs"] or arguments["workers_only"]):
        raise ZooError("workers carry trials out in processes of their own", "leave --no-isolation out", USAGE)


def _check_folds(arguments: Mapping[str, Any]) -> None:
    if not arguments["folds"]:
        if arguments["repeats"] > 1:
            raise ZooError("--repeats repeats --folds, which is missing", "give --folds 5, or --seeds", USAGE)
        return
    if arguments["seeds"] > 1:
        cause = "--seeds and --folds exclude each other: each repeat of --folds has a seed of its own"
        raise ZooError(cause, f"give --repeats {arguments['seeds']} instead of --seeds", USAGE)
    if arguments["test_split"] != TrainConfig().test_split:
        cause = f"--test-split and --folds exclude each other: each of {arguments['folds']} folds is tested once"
        raise ZooError(cause, "leave --test-split out", USAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequest:
    """What is left of an earlier run: its id, name or folder, or None for the latest one in `output`.

    `logger` are the loggers that it goes on with, and `nproc` the processes that train a trial, where these are not the
    run's own.
    """

    run: str | None
    output: Path
    plugins: tuple[str, ...] = ()
    logger: tuple[str, ...] = ()
    nproc: int | None = None
    log: str | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRequest:
    """A worker on the run of that id, name or folder.

    `device` is one of the run's kind (None: as the run says), `cores` those that the worker keeps to (none: all),
    `max_minutes` the time after which it stops, `heartbeat_s` the seconds between two signs of life. With
    `ends_with_stdin` it stops when nobody holds the other end of its standard input any more.
    """

    run: str
    output: Path
    plugins: tuple[str, ...] = ()
    device: str | None = None
    cores: tuple[int, ...] = ()
    max_minutes: float | None = None
    heartbeat_s: float = 20.0
    ends_with_stdin: bool = False
    log: str | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRequest:
    """Models to be timed, on each of `devices` (their names, with commas) under each of `configs`.

    `settings` are options of models, `license` the licences that their weights may have. With `keeps_memory` the C
    library keeps what is freed, which nothing here undoes.
    """

    models: str
    devices: str
    configs: tuple[TimingConfig, ...]
    num_classes: int
    img_size: int | None = None
    keeps_memory: bool = False
    log: str | None = None
    quiet: bool = False
    settings: tuple[str, ...] = ()
    license: str | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> TimeRequest:
        """From a value for each option of timing. Raises ZooError where two of them cannot both be meant."""
        _check_progress(arguments)
        return cls(
            models=arguments["models"],
            devices=arguments["device"],
            configs=sweep_configs(arguments),
            num_classes=arguments["num_classes"],
            img_size=arguments["img_size"],
            keeps_memory=arguments["allocator"] == "keep",
            log=arguments["log"],
            quiet=arguments["quiet"],
            settings=tuple(arguments["set"]),
            license=arguments["license"],
        )
