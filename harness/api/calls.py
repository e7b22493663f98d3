"""What `import harness` offers to Python: the checks, runs and timings of the command line, without its words."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from signal import raise_signal
from typing import TYPE_CHECKING, Any

from harness.api.choosing import choose, permitted_specs
from harness.api.plugin_warnings import report_broken
from harness.machine.home import give_home

# Loaded before any plugin: only what is there can be seen to be patched, and be put back.
from harness.picks.request import PickRequest
from harness.plan.option_table import LICENSE, PLUGINS, RUN, TIME, Option, as_flags, checked, flag
from harness.plan.pick_options import PICK
from harness.plan.plugin_guard import WATCHED
from harness.plan.request import RunRequest, TimeRequest
from harness.plan.values import names, switch
from harness.runs.finished_run import Run
from harness.runs.signals import Terminated
from results.errors import StoreError
from results.sanitize import harmless
from zoo.building import require_installed
from zoo.discovery import Zoo, discover
from zoo.errors import ZooError
from zoo.manager import switches
from zoo.selection import matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from harness.picks.start import Pick
    from zoo.selection import Choice

PICKING = {name: option for name, option in PICK.items() if name != "dry_run"}
LISTING = {"plugins": PLUGINS, "license": LICENSE, "pattern": Option("names, globs or tags", names, "*")}
# What messages call by its flag, and what Python calls it.
ARGUMENTS = {
    flag(name, option): f"{name}=False" if option.check is switch and option.default else name
    for options in (TIME, PICK, RUN)
    for name, option in options.items()
} | {"-p": "plugins"}
FLAG = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
LIST_COMMAND = re.compile(r"harness list ('[^']*')")


def run(given: Mapping[str, object]) -> Run:
    """Carry out the run that these arguments of `harness.run` ask for."""
    with _in_pythons_words():
        options = checked(given, RUN, "harness.run")
        request = RunRequest.of(options, command=as_flags(options))
        # Before torch is loaded: plugins are tried out in a fork of this process, where it can still be forked.
        zoo = _zoo(options)
        choices = choose(zoo, request.models, request.settings, license=request.license, weights=request.train.weights)
        return _carried_out(request, choices, zoo)


def pick(given: Mapping[str, object]) -> Pick:
    """Carry out the pick that these arguments of `harness.pick` ask for."""
    with _in_pythons_words():
        options = checked(given, PICKING, "harness.pick")
        request = PickRequest.of(options | {"dry_run": False}, command=as_flags(options, PICKING, "pick"))
        zoo = _zoo(options)
        from harness.picks import start

        with _raised_again(), switches.kept():
            return start.pick(request, zoo)


def time(given: Mapping[str, object]) -> DataFrame:
    """Time the models that these arguments of `harness.time` ask for."""
    with _in_pythons_words():
        options = checked(given, TIME, "harness.time")
        request = TimeRequest.of(options)
        choices = choose(_zoo(options), request.models, request.settings, license=request.license)
        for choice in choices:
            require_installed(choice.spec)
        from pandas import DataFrame

        from harness.api.sweep import sweep

        rows = sweep(request, choices)
        # As in CSV, raw samples have no place here.
        return DataFrame([{key: cell for key, cell in row.items() if not isinstance(cell, list)} for row in rows])


def models(given: Mapping[str, object]) -> list[str]:
    """The names that these arguments of `harness.models` ask for."""
    with _in_pythons_words():
        options = checked(given, LISTING, "harness.models")
        specs = matching(_zoo(options).models, options["pattern"].split(","))
        return list(specs if options["license"] is None else permitted_specs(specs, options["license"]))


def _zoo(options: Mapping[str, Any]) -> Zoo:
    if note := give_home():
        print(f"note: {harmless(note)}", file=sys.stderr)
    zoo = discover(options["plugins"], watched=WATCHED)
    report_broken(zoo)
    return zoo


def _carried_out(request: RunRequest, choices: Sequence[Choice], zoo: Zoo) -> Run:
    from harness.cluster import engine_run

    with _raised_again(), switches.kept():  # the caller's process goes on
        return engine_run.run(request, choices, zoo)


@contextmanager
def _raised_again() -> Iterator[None]:
    """Let a signal that has ended a run go where it was sent: the run is saved, the caller's own handler in force."""
    try:
        yield
    except Terminated as error:
        raise_signal(error.number)
        raise


@contextmanager
def _in_pythons_words() -> Iterator[None]:
    """Let errors name arguments where the command line's would name flags, and show their remedy in a traceback."""
    try:
        yield
    except (ZooError, StoreError) as error:
        error.cause, error.remedy = _named(error.cause), _named(error.remedy)
        error.args = (error.cause,)
        if error.remedy:
            error.add_note(error.remedy)
        raise


def _named(text: str) -> str:
    text = LIST_COMMAND.sub(r"harness.models(\1)", text)
    return FLAG.sub(lambda typed: ARGUMENTS.get(typed[0], typed[0]), text)
