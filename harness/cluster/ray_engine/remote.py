"""The trials' processes of a run as tasks of Ray: sent to a node, followed from here, sent again where it is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from harness.cluster.ray_engine import node, shipment
from harness.cluster.ray_engine.errand import (
    Beginning,
    Checkpointed,
    DataMissing,
    Ended,
    Errand,
    Message,
    Refused,
    Said,
)
from harness.cluster.ray_engine.slots import Slot
from harness.isolation.job import Job
from harness.isolation.result_files import CHECKPOINT, PREDICTIONS
from harness.isolation.supervisor import ExitReport
from harness.training.checkpoint import KEPT, NAME
from harness.trial.saved_model import WEIGHTS_FILE
from results.store.atomic import make_folder, write_atomic
from results.store.file_names import CARD_FILE
from zoo.errors import ZooError, first_line

MOST_LOSSES = 3  # of one trial's tasks: one that takes its node down with it must not take them all
WANTED = (PREDICTIONS, f"{CHECKPOINT}/{WEIGHTS_FILE}", f"{CHECKPOINT}/{CARD_FILE}")
SHORT_OF_MEMORY = "Ray ended it, since its node was short of memory; try a lower --batch-size, or fewer trials at once"

Listener = Callable[[Mapping[str, Any]], None]


class Cancelled(Exception):
    """The run is being stopped, and its tasks with it."""


def remote_task(slot: Slot) -> Any:
    """The task that a node carries out, in a process that has a slot for so long.

    One that has an accelerator ends with its task, and with it whatever may be left there of the accelerator's memory.
    Others go on to the next task, and need not import torch again. Ray itself tries nothing again: what is to be done
    about a lost node is decided here.
    """
    import ray

    options = {"max_calls": 1 if slot.num_gpus else 0, "max_retries": 0, "num_returns": "streaming"}
    return ray.remote(**options, num_cpus=slot.num_cpus, num_gpus=slot.num_gpus)(node.task)


@dataclass(slots=True, kw_only=True)
class Remote:
    """The tasks of one run, whose dataset lies in `data`. Threads may use it, each for a trial of its own.

    `machines` has for each trial the facts of the machine that carried it out, `losses` how often its task was lost.
    """

    task: Any
    beginning: Beginning
    data: Path
    machines: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    losses: dict[str, int] = field(default_factory=dict)
    _tasks: set[Any] = field(default_factory=set)
    _is_stopped: bool = False
    _lock: Lock = field(default_factory=Lock)
    _shipping: Lock = field(default_factory=Lock)

    def run(self, job: Job, on_message: Listener, timeout_s: float | None) -> ExitReport:
        """Carry out what a child of this process would; its files are then where it would have left them.

        Raises Cancelled once the tasks are stopped, and ZooError where a node cannot carry out any trial.
        """
        key = job.trial.key
        while True:
            try:
                ended = self._follow(job, on_message, timeout_s)
            except _lost() as error:
                self.losses[key] = self.losses.get(key, 0) + 1
                why = f"its task was lost ({type(error).__name__})"
                if self.losses[key] >= MOST_LOSSES:
                    return ExitReport(problem=f"{why}, as were the {MOST_LOSSES - 1} before it")
                on_message({"note": f"{why}, and is sent again"})
                continue
            if ended is not None:
                self.machines[key] = ended.machine
                for name in set(WANTED) & ended.files.keys():
                    _write(Path(job.work) / name, ended.files[name])
                return ended.report

    def stop(self) -> None:
        """End all tasks at once, and with each its process. No further one is begun."""
        import ray

        with self._lock:
            self._is_stopped = True
            for running in self._tasks:
                ray.cancel(running, force=True)

    def _follow(self, job: Job, on_message: Listener, timeout_s: float | None) -> Ended | None:
        """Hear a task to its end; None where it is to be sent again, now with what it lacked."""
        import ray

        checkpoints = {path.name: ray.put(path.read_bytes()) for path in _checkpoints(Path(job.progress))}
        errand = Errand(
            beginning=self.beginning,
            job=replace(job, environment={}).to_json(),  # the node has its own
            wanted=WANTED,
            checkpoints=checkpoints,
            timeout_s=timeout_s,
        )
        running = self._begun(errand)
        try:
            for reference in running:
                message: Message = ray.get(reference)
                if isinstance(message, Ended):
                    return message
                if isinstance(message, DataMissing):
                    self._ship()
                    return None
                self._take(message, job, on_message)
            raise ray.exceptions.WorkerCrashedError
        except ray.exceptions.TaskCancelledError as error:
            raise Cancelled from error
        except ray.exceptions.OutOfMemoryError:
            return Ended(report=ExitReport(problem=SHORT_OF_MEMORY))
        except (ray.exceptions.RayTaskError, ray.exceptions.RaySystemError) as error:
            cause = f"a node of the Ray cluster could not begin a trial: {first_line(error)}"
            raise ZooError(cause, "install the same harness on all nodes") from error
        finally:
            with self._lock:
                self._tasks.discard(running)

    def _take(self, message: Message, job: Job, on_message: Listener) -> None:
        match message:
            case Said():
                on_message(message.message)
            case Checkpointed():
                _keep(Path(job.progress), message)
            case Refused():
                raise ZooError(message.cause, message.remedy)

    def _begun(self, errand: Errand) -> Any:
        with self._lock:
            if self._is_stopped:
                raise Cancelled
            running = self.task.remote(errand)
            self._tasks.add(running)
            return running

    def _ship(self) -> None:
        """Put the dataset into Ray's object store, once."""
        import ray

        with self._shipping:
            if self.beginning.pieces is None:
                self.beginning = replace(self.beginning, pieces=shipment.ship(self.data, ray.put))


def _lost() -> tuple[type[Exception], ...]:
    """What Ray raises for a task whose process or node is no more."""
    from ray import exceptions as one

    return (one.WorkerCrashedError, one.NodeDiedError, one.ObjectLostError, one.LocalRayletDiedError)


def _checkpoints(folder: Path) -> list[Path]:
    """Those of a training, the newest first."""
    return sorted((path for path in folder.glob("*") if NAME.fullmatch(path.name)), reverse=True)


def _keep(folder: Path, message: Checkpointed) -> None:
    """Write a checkpoint down; what a node says is its name must be one."""
    if NAME.fullmatch(message.name):
        _write(folder / message.name, message.content)
        for old in _checkpoints(folder)[KEPT:]:
            old.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    make_folder(path.parent)
    write_atomic(path, content)
