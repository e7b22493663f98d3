"""A run with the engine that was asked for."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from harness.runs import start
from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from harness.plan.request import RunRequest
    from harness.runs.finished_run import Run
    from harness.runs.session import Engine
    from zoo.discovery import Zoo
    from zoo.selection import Choice


def run(request: RunRequest, choices: Sequence[Choice], zoo: Zoo) -> Run:
    """Train and measure `choices`, and write what came out. Raises ZooError where the run cannot even begin."""
    with _engine(request) as engine:
        return start.run(request, choices, zoo, engine)


def _engine(request: RunRequest) -> AbstractContextManager[Engine | None]:
    if request.engine is None:
        if request.address:
            raise ZooError("--address names a Ray cluster, and --engine ray is missing", "give --engine ray", USAGE)
        return nullcontext()
    if not request.setup.isolation:
        cause = "--engine ray and --no-isolation exclude each other: a trial is a process of its node"
        raise ZooError(cause, "leave one of them out", USAGE)
    if request.setup.nproc > 1:
        cause = "--engine ray and --nproc exclude each other: a task of Ray has the place of one process"
        raise ZooError(cause, "leave one of them out", USAGE)
    from harness.cluster.ray_engine.engine import ray_engine

    return ray_engine(request.address)
