"""`harness run --engine ray`: the trials of a run as tasks of Ray, as many at once as the cluster has slots."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import TYPE_CHECKING

import torch

from harness.cluster.ray_engine import machine, shipment
from harness.cluster.ray_engine.connect import Cluster, joined
from harness.cluster.ray_engine.errand import Beginning
from harness.cluster.ray_engine.remote import Remote, remote_task
from harness.cluster.ray_engine.slots import Slot, slot_for, unused
from harness.cluster.ray_engine.trials import Trials
from results.store.atomic import write_atomic
from results.tables.number_format import counted
from zoo.libraries.download import WEIGHTS_DIR

if TYPE_CHECKING:
    from harness.plan.trials import Planned
    from harness.runs.forecast.time_left import TimeLeft
    from harness.runs.runner import Runner
    from harness.runs.session import Session

TOKEN = "token"


@contextmanager
def ray_engine(address: str | None) -> Iterator[RayEngine]:
    """The engine, with Ray joined or started. Raises ZooError."""
    with ExitStack() as stack:
        yield RayEngine(cluster=stack.enter_context(joined(address)), leave=stack.close)


@dataclass(frozen=True, slots=True, kw_only=True)
class RayEngine:
    """Trains and evaluates the trials of a run on Ray's nodes; this process times them once it has left Ray."""

    cluster: Cluster
    leave: Callable[[], None]

    @property
    def is_shared(self) -> bool:
        return False

    def carry_out(self, session: Session, runner: Runner, to_do: Sequence[Planned], left: TimeLeft) -> None:
        """Return once each of `to_do` has its record."""
        if to_do:
            slot = slot_for(runner.context.device.type, torch.get_num_threads(), self.cluster.nodes)
            session.screen.line(_opening(self.cluster, slot))
            if idle := unused(slot, self.cluster.nodes):
                session.screen.line(f"note: {idle}")
            runner.prepare()
            beginning = _beginning(self.cluster, runner, to_do)
            remote = Remote(task=remote_task(slot), beginning=beginning, data=runner.work / "data")
            here = replace(runner, elsewhere=remote, takes_times=False)
            try:
                done = len(session.store.done())
                num_trials = done + len(to_do)
                Trials(self.cluster, slot, session, here, remote, left, num_trials, done).carry_out(to_do)
            finally:
                self.cluster.forget(beginning.run)
        self.leave()  # its processes, idle as they are, would be there while models are timed


def _opening(cluster: Cluster, slot: Slot) -> str:
    nodes = [node for node in cluster.nodes if slot.on(node)]
    each = "a GPU" if slot.num_gpus else counted(slot.num_cpus, "CPU")
    where = "on this machine" if cluster.is_local else f"at {cluster.address}, {counted(len(nodes), 'node')}"
    return f"engine   Ray {cluster.version} {where} · {counted(slot.count(nodes), 'trial')} at once, {each} each"


def _beginning(cluster: Cluster, runner: Runner, to_do: Sequence[Planned]) -> Beginning:
    import ray

    token, path = token_hex(8), (runner.work / TOKEN).absolute()
    write_atomic(path, token.encode())
    return Beginning(
        run=token,
        token=token,
        token_path=str(path),
        host=machine.host(),
        versions=machine.versions(),
        description=ray.put(shipment.describe(runner.work / "data")),
        paths=_paths(runner, to_do),
        weights_dir=os.environ.get(WEIGHTS_DIR),
        machine=runner.context.machine if cluster.is_local else None,
    )


def _paths(runner: Runner, to_do: Sequence[Planned]) -> tuple[str, ...]:
    """What trials need of this machine's files beside the dataset: files of plugins and of weights."""
    plugins = [word for word in runner.setup.plugins if word.endswith(".py") and os.path.isabs(word)]
    weights = [item.trial.train.weights for item in to_do]
    files = [str(one.file) for one in weights if one is not None and one.path]
    folders = filter(None, [os.environ.get(WEIGHTS_DIR)])
    return tuple(dict.fromkeys([*plugins, *files, *folders]))
