"""Ray itself, joined or started for as long as a run goes on, with its habits kept from the run."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from harness.cluster.ray_engine import head, node_folder
from harness.isolation.interpreter import SHORT_FOLDERS, environment
from zoo.errors import USAGE, ZooError, first_line

INSTALL = "pip install 'zoo-harness[ray]'"
OLDEST = (2, 54)
# Below its folder for temporary files: /session_2026-11-27_03-33-01_497782_1234567/sockets/plasma_store, and a NUL.
LONGEST_FOLDER = 104 - 70
FORGET_S, KNOCK_S = 2.0, 10.0
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # under `uv run` it would build the environment of each task anew
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what holds no accelerator keeps CUDA_VISIBLE_DEVICES as it is
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Ray as it was joined; one that `is_local` was started for this run, and ends with it."""

    address: str
    version: str
    is_local: bool

    def forget(self, run: str) -> None:
        """Let all nodes remove what they keep of a run. Those that do not answer now do so a day later, unasked."""
        if self.is_local:
            node_folder.forget(run)
            return
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        with suppress(ray.exceptions.RayError, OSError):
            asked = []
            for node in ray.nodes():
                there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                task = ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=there)(node_folder.forget)
                asked += [task.remote(run)] if node["Alive"] else []
            ray.wait(asked, num_returns=len(asked), timeout=FORGET_S)

    @property
    def nodes(self) -> Sequence[Mapping[str, float]]:
        """What each node has that is alive by now: `CPU`, `GPU`, and more."""
        import ray

        return [node["Resources"] for node in ray.nodes() if node["Alive"]]


@contextmanager
def joined(address: str | None) -> Iterator[Cluster]:
    """The cluster at `address`, or that of $RAY_ADDRESS; without either a Ray of this machine's own, for this long.

    Raises ZooError where Ray is not installed, or no cluster answers.
    """
    address = address or os.environ.get("RAY_ADDRESS") or None
    if address and "://" in address:
        cause = f"--address {address}: a run speaks with its cluster directly, not through Ray's client"
        raise ZooError(cause, "start it on a node of the cluster, with --address auto", USAGE)
    with environment(**QUIET, **({} if address else _secret())), ExitStack() as stack:
        ray = _imported()
        where = address or stack.enter_context(_own())
        stack.callback(ray.shutdown)
        with _handlers_kept():
            at = _join(ray, where)
        yield Cluster(address=at, version=str(ray.__version__), is_local=address is None)


@contextmanager
def _own() -> Iterator[str]:
    """A Ray of this machine's own, whose files are gone with it; yields its address."""
    folder = _short_folder()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            address = stack.enter_context(head.started(Path(folder)))
        except OSError as error:
            cause = f"Ray could not be started: {first_line(error)}"
            raise ZooError(cause, "start it yourself: ray start --head; then give --address auto") from error
        yield address


def _imported() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ZooError("--engine ray needs Ray, which is not installed", INSTALL) from error
    version = tuple(int(part) for part in ray.__version__.split(".")[:2])
    if version < OLDEST:
        cause = f"--engine ray needs Ray {'.'.join(map(str, OLDEST))} or later, and {ray.__version__} is installed"
        raise ZooError(cause, INSTALL)
    return ray


def _join(ray: Any, address: str) -> str:
    """Returns the address that `auto` stands for."""
    try:
        _knock(address)
        _hold_its_tongue()
        return str(ray.init(address, log_to_driver=False, logging_level="ERROR").address_info["address"])
    # What Ray raises where a cluster does not answer depends on when it finds out.
    except Exception as error:
        cause = f"no Ray cluster answers at {address}: {first_line(error)}"
        raise ZooError(cause, "see: ray status; or leave --address out") from error


def _knock(address: str) -> None:
    """Raise OSError or ValueError where nobody listens at HOST:PORT: Ray would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_S).close()


def _hold_its_tongue() -> None:
    """Keep Ray from printing what became of its processes: it does so on stdout, which is the table's."""
    from ray._private import worker

    if hasattr(worker, "_worker_logs_enabled"):
        worker._worker_logs_enabled = False


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Within, Ray may set a handler of SIGTERM: afterwards that of the run is in force again."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _secret() -> dict[str, str]:
    """A word that only this run's processes know: whoever reaches Ray's ports could run code as this user."""
    if "ray" in sys.modules or "RAY_AUTH_MODE" in os.environ:  # it is asked for once, when Ray is loaded
        return {}
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token_hex(32)}


def _short_folder() -> str:
    """A new folder for Ray's files with a path that leaves room for the names of its sockets. Raises ZooError."""
    for parent in (tempfile.gettempdir(), *SHORT_FOLDERS):
        prefix = os.path.join(parent, "zoo-ray-")
        if len(os.fsencode(prefix)) + 8 <= LONGEST_FOLDER and os.access(parent, os.W_OK | os.X_OK):
            return tempfile.mkdtemp(prefix="zoo-ray-", dir=parent)
    cause = "no folder for temporary files has a path short enough for Ray's sockets"
    raise ZooError(cause, f"set TMPDIR to a folder whose path has at most {LONGEST_FOLDER - 16} characters")
