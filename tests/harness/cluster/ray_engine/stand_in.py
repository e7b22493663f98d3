"""A stand-in for Ray that knows what the harness asks of it: tasks are threads of this process, objects are references.

Of a cluster's nodes each task gets the next one. `losses` says how the tasks of a model are lost, one after the other:
by which error, and how many messages of a task are heard before.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from types import ModuleType, SimpleNamespace
from typing import Any

NAMES = (
    "WorkerCrashedError NodeDiedError ObjectLostError LocalRayletDiedError TaskCancelledError OutOfMemoryError "
    "RayTaskError RaySystemError RayError"
)


@dataclass
class StandIn:
    """What was asked of it, and what it answers."""

    cpus: tuple[int, ...] = (2,)
    gpus: int = 0
    losses: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    version: str = "2.60.0"
    on_task: Callable[[], object] = lambda: None
    options: list[dict[str, Any]] = field(default_factory=list)
    inits: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    cancelled: list[Any] = field(default_factory=list)
    errands: list[Any] = field(default_factory=list)
    is_up: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.errors = SimpleNamespace(**{name: type(name, (Exception,), {}) for name in NAMES.split()})

    def install(self, monkeypatch) -> StandIn:
        """Be what `import ray` gives."""
        ray = ModuleType("ray")
        ray.__version__ = self.version
        ray.exceptions = self.errors
        for name in ("init", "shutdown", "nodes", "put", "get", "remote", "cancel", "is_initialized", "wait"):
            setattr(ray, name, getattr(self, name))
        private = ModuleType("ray._private")
        private.worker = SimpleNamespace(_worker_logs_enabled=True)
        strategies = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node, soft: node)
        modules = {"ray": ray, "ray._private": private, "ray.exceptions": self.errors, "ray.util": ModuleType("util")}
        for name, module in {**modules, "ray.util.scheduling_strategies": strategies}.items():
            monkeypatch.setitem(sys.modules, name, module)
        ray._private = private
        return self

    def init(self, *arguments: Any, **options: Any) -> Any:
        self.inits.append((arguments, options))
        self.is_up = True
        return SimpleNamespace(address_info={"address": "10.0.0.1:6379"})

    def shutdown(self) -> None:
        self.is_up = False

    def is_initialized(self) -> bool:
        return self.is_up

    def nodes(self) -> list[dict[str, Any]]:
        gpus = {"GPU": self.gpus} if self.gpus else {}
        return [
            {"NodeID": str(n), "Alive": True, "Resources": {"CPU": cpus, **gpus}} for n, cpus in enumerate(self.cpus)
        ]

    def put(self, value: Any) -> Any:
        return SimpleNamespace(value=value)

    def get(self, reference: Any) -> Any:
        return reference.value

    def wait(self, asked: list[Any], num_returns: int, timeout: float) -> None:
        pass

    def cancel(self, generator: Any, force: bool) -> None:
        self.cancelled.append(generator)

    def remote(self, **options: Any) -> Any:
        self.options.append(options)
        is_trial = options.get("num_returns") == "streaming"
        return lambda function: SimpleNamespace(remote=self._run if is_trial else function)

    def _run(self, errand: Any) -> Iterator[Any]:
        from harness.cluster.ray_engine.node import carry_out

        with self.lock:
            number = next(self.numbers)
            self.errands.append(errand)
        self.on_task()
        losses = self.losses.get(json.loads(errand.job)["trial"]["model"], [])
        for heard, message in enumerate(carry_out(errand, self.get, f"node{number % len(self.cpus)}")):
            if losses and heard == losses[0][1]:
                raise getattr(self.errors, losses.pop(0)[0])
            yield self.put(message)
