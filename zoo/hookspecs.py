"""The three hooks of the zoo. These docstrings are the plugin manual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zoo.specs import DatasetSpec, ModelSpec, TrialEvent

PROJECT = "zoo"

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
def zoo_trial_done(event: TrialEvent) -> None:
    """Act on a finished trial: log it, upload it. Called in the parent process after the record is on disk.

    An exception raised here is reported and never ends the run.
    """
