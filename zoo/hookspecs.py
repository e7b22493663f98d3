"""The four hooks of the zoo. These docstrings are the plugin manual.

A plugin that needs a newer zoo than the first says so at its top, `ZOO_API = 2`: where `zoo.API_VERSION` is lower, it
is left out with the line "needs zoo-api 2, have 1", and nothing of it is called.
A plugin that is not shipped is imported twice: first in a process apart, where a crash, an exit or a minute without an
answer (ZOO_PLUGIN_TIMEOUT) costs only that plugin, then in this one. So do little at import, and nothing that lasts.
What is printed then goes to stderr.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zoo.events import LoggerSpec, TrialEvent
    from zoo.specs import DatasetSpec, ModelSpec

PROJECT = "zoo"
# A plugin that says `ZOO_API = 2` wants a newer zoo than this one, and is left out with these words.
API_VERSION = 1

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def zoo_models() -> Iterable[ModelSpec]:
    """Declare models. Called whenever models are listed, so do not import torch at module level or here."""
    return ()


@hookspec
def zoo_datasets() -> Iterable[DatasetSpec]:
    """Declare labelled image datasets. Called whenever datasets are listed; open nothing."""
    return ()


@hookspec
def zoo_loggers() -> Iterable[LoggerSpec]:
    """Declare loggers, which `--logger NAME` turns on for a run; import nothing heavy at module level or here.

    One is opened before the first trial, in a process of its own: it may print, hang, exit or crash, which costs its
    own line on the screen, and no trial's time. That process is stopped (SIGSTOP) while a model is timed.
    """
    return ()


@hookspec
def zoo_trial_done(event: TrialEvent) -> None:
    """Act on a finished trial: upload it, say it. Called in the parent process after the record is on disk.

    Called of every plugin in every run: what a run has to ask for, and what may take long, is a logger. An exception
    raised here is reported and never ends the run.
    """
