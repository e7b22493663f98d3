"""A run with the engine that was asked for."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.machine import devices
from harness.machine.threads import default_threads
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
        return start.run(_with_threads(request), choices, zoo, engine)


def _engine(request: RunRequest) -> AbstractContextManager[Engine | None]:
    if request.engine is None:
        if request.address:
            raise ZooError("--address names a Ray cluster, and --engine ray is missing", "give --engine ray", USAGE)
        return nullcontext(_waiting(request))
    if request.jobs or request.workers_only:
        flag = "--jobs" if request.jobs else "--workers-only"
        raise ZooError(f"--engine ray and {flag} exclude each other", "leave one of them out", USAGE)
    if not request.setup.isolation:
        cause = "--engine ray and --no-isolation exclude each other: a trial is a process of its node"
        raise ZooError(cause, "leave one of them out", USAGE)
    if request.setup.nproc > 1:
        cause = "--engine ray and --nproc exclude each other: a task of Ray has the place of one process"
        raise ZooError(cause, "leave one of them out", USAGE)
    from harness.cluster.ray_engine.engine import ray_engine

    return ray_engine(request.address)


def _waiting(request: RunRequest) -> Engine | None:
    """The engine that waits for workers, where the request wants such."""
    if not (request.jobs or request.workers_only):
        return None
    if request.jobs and request.setup.nproc > 1:
        cause = "--jobs and --nproc exclude each other: each worker has one device, or cores, for one process"
        raise ZooError(cause, "leave one of them out", USAGE)
    from harness.cluster.local_workers import places
    from harness.cluster.waiting import Waiting

    return Waiting(places=places(request.jobs, devices.resolve(request.setup.device).type) if request.jobs else ())


def _with_threads(request: RunRequest) -> RunRequest:
    """The request with a number of threads: every worker has it, wherever it is, or sums would be rounded otherwise.

    Without a word this machine's threads are divided among its workers.
    """
    if not (request.jobs or request.workers_only) or request.setup.num_threads or request.resume:
        return request
    share = max(1, default_threads() // (request.jobs or 1))
    return replace(request, setup=replace(request.setup, num_threads=share))
