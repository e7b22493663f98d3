"""What a task does on its node: a trial's supervised process, with what the node lacks brought to it, and all it says.

A task imports no torch and touches no accelerator: its child does, and gives all memory back when it ends.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from harness.cluster.ray_engine import child, machine, shipment
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
from harness.cluster.ray_engine.node_folder import alone, held
from harness.isolation.job import Job
from harness.isolation.supervisor import ExitReport, Supervisor, context_for, start_server
from harness.isolation.validate import require_message
from harness.machine.host_lock import beside_others
from results.errors import StoreError
from results.store.atomic import read_regular
from zoo.libraries.download import WEIGHTS_DIR

LOOK_S = 30.0  # between two looks for a new checkpoint, while nothing is heard of the training

Get = Callable[[Any], Any]
Heard = SimpleQueue[Mapping[str, Any] | ExitReport | BaseException]


def task(errand: Errand) -> Iterator[Message]:
    """What Ray carries out."""
    import ray

    os.environ.pop("OMP_NUM_THREADS", None)  # Ray sets it to 1, and torch would read it as it is loaded
    yield from carry_out(errand, ray.get, str(ray.get_runtime_context().get_node_id()))


def carry_out(errand: Errand, get: Get, node: str) -> Iterator[Message]:
    """Everything that is to be told of the process, as it happens; `get` fetches what a reference stands for."""
    if refused := _refused(errand.beginning):
        yield refused
        return
    try:
        with held(errand.beginning.run, node) as folder:
            yield from _in_folder(errand, folder, get)
    except OSError as error:  # of the node's disk, that is: the process's own troubles are in its report
        yield Refused(cause=f"a node of the cluster cannot work: {error}", remedy="make room there, or set its TMPDIR")


def _in_folder(errand: Errand, folder: Path, get: Get) -> Iterator[Message]:
    job, beginning = Job.from_json(errand.job), errand.beginning
    is_here = _sees_the_run(beginning)
    if not is_here and not _has_data(beginning, folder, get):
        yield DataMissing()
        return
    known = beginning.machine if is_here and beginning.machine else machine.facts(folder, job.device)
    own = folder / "trials" / f"{job.trial.key}-{os.getpid()}"
    try:
        if not is_here:
            job = _moved(job, folder, own)
            _write(Path(job.progress), {name: get(one) for name, one in errand.checkpoints.items()})
        with beside_others():
            job = replace(job, environment=_environment(os.environ, beginning.weights_dir))
            for said in _supervised(job, errand.timeout_s, {*errand.checkpoints}, looks=not is_here):
                if isinstance(said, ExitReport):
                    files = {} if is_here else _left(Path(job.work), errand.wanted)
                    yield Ended(report=said, files=files, machine=known)
                else:
                    yield said
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _refused(beginning: Beginning) -> Refused | None:
    """Why this node cannot carry out any trial of the run."""
    here, wanted = machine.versions(), beginning.versions
    differing = [f"{name} {here[name]}, not {wanted[name]}" for name in wanted if here[name] != wanted[name]]
    if differing:
        cause = f"a node of the cluster has {'; '.join(differing)}"
        return Refused(cause=cause, remedy="install the same versions on all nodes")
    for path in beginning.paths:
        if not os.path.exists(path):
            cause = f"a node of the cluster has no {path}"
            return Refused(cause=cause, remedy="let all nodes have it at that path; or install a plugin as a package")
    return None


def _sees_the_run(beginning: Beginning) -> bool:
    """Whether this is the machine that began the run, and its folder is seen from here.

    On another machine a shared folder would show files late that were written a moment ago.
    """
    try:
        return machine.host() == beginning.host and Path(beginning.token_path).read_text() == beginning.token
    except (OSError, ValueError):
        return False


def _has_data(beginning: Beginning, folder: Path, get: Get) -> bool:
    """Whether the node has the dataset by now: brought earlier, seen where it lies, or brought here."""
    data = folder / "data"
    with alone(folder):
        if not data.is_dir():
            description = get(beginning.description)
            if shipment.is_seen(description):
                shipment.unload(description, (), data, get)
            elif beginning.pieces is not None:
                shipment.unload(description, beginning.pieces, data, get)
        return data.is_dir()


def _moved(job: Job, folder: Path, own: Path) -> Job:
    """The job with the paths of this node."""
    data, features = folder / "data", folder / "features"
    work, progress = own / "work", own / "progress"
    return replace(job, data=str(data), features=str(features), work=str(work), progress=str(progress))


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _supervised(job: Job, timeout_s: float | None, sent: set[str], *, looks: bool) -> Iterator[Message | ExitReport]:
    """What the process says, each new checkpoint that it writes where one `looks`, and at last how it ended."""
    heard: Heard = SimpleQueue()
    device = job.device.partition(":")[0]
    supervisor = Supervisor(
        target=child.main,
        context=context_for(device),
        timeout_s=timeout_s,
        on_message=lambda message: heard.put(require_message(message)),
    )
    Thread(target=_run, args=(supervisor, job.to_json(), device, heard), daemon=True).start()
    while True:
        try:
            said = heard.get(timeout=LOOK_S)
        except Empty:
            said = None
        if looks:
            yield from _checkpoints(Path(job.progress), sent)
        if isinstance(said, BaseException):
            raise said
        if said is not None:
            yield said if isinstance(said, ExitReport) else Said(message=said)
        if isinstance(said, ExitReport):
            return


def _run(supervisor: Supervisor, text: str, device: str, heard: Heard) -> None:
    try:
        if device == "cpu":
            start_server()
        heard.put(supervisor.run(text))
    except BaseException as error:
        heard.put(error)


def _environment(variables: Mapping[str, str], weights_dir: str | None) -> dict[str, str]:
    """A node's environment without what Ray has put into its tasks': one thread, secrets, and settings of its own."""
    own = {name: text for name, text in variables.items() if name != "OMP_NUM_THREADS" and name[:4] != "RAY_"}
    return own | ({WEIGHTS_DIR: weights_dir} if weights_dir else {})


def _checkpoints(progress: Path, sent: set[str]) -> Iterator[Checkpointed]:
    """Those that are new. The training deletes old ones at any time."""
    for path in sorted(progress.glob("*.safetensors")):
        if path.name not in sent:
            sent.add(path.name)
            try:
                yield Checkpointed(name=path.name, content=read_regular(path))
            except (StoreError, OSError, ValueError):
                continue


def _left(work: Path, wanted: tuple[str, ...]) -> dict[str, bytes]:
    """What the process left of what is wanted; never through a link that it may have put there."""
    left = {}
    for name in wanted:
        try:
            left[name] = read_regular(work / name)
        except (StoreError, OSError, ValueError):
            continue
    return left
