"""Workers of `harness run --jobs N`: processes of this machine, each on an accelerator or on cores of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from harness.cluster.worker import as_text
from harness.isolation.interpreter import same_modules
from harness.machine import devices
from harness.machine.system import num_cpus
from results.sanitize import plain
from results.store.atomic import make_folder
from zoo.errors import USAGE, ZooError

LOGS = "logs/workers"
STOP_S = 8.0  # what a worker needs to let its trial save itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one worker works: its device, and the cores that it keeps to, none where all are its own."""

    device: str
    cores: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class LocalWorker:
    """A worker's process, and the file that it prints into."""

    number: int
    process: subprocess.Popen[bytes]
    log: Path
    is_reported: bool = False

    @property
    def last_line(self) -> str:
        """What it said last that is not a remedy."""
        with suppress(OSError):
            lines = [line for line in self.log.read_text(errors="replace").splitlines() if line[:1].strip()]
            return plain(lines[-1]) if lines else ""
        return ""


def places(num_jobs: int, kind: str) -> list[Place]:
    """Where each of the workers works. Raises ZooError (usage) where there are fewer places than that."""
    num_cores = num_cpus()
    if kind != "cpu":
        count = devices.count(kind)
        if num_jobs > count:
            raise ZooError(f"--jobs {num_jobs}, but this machine has {count} {kind}", f"give --jobs {count}", USAGE)
        return [Place(device=f"{kind}:{n}" if count > 1 else kind, cores=cores) for n, cores in _shares(num_jobs)]
    if num_jobs > num_cores:
        cause = f"--jobs {num_jobs}, but this process may use {num_cores} cores"
        raise ZooError(cause, f"give --jobs {num_cores}, or fewer", USAGE)
    return [Place(device="cpu", cores=cores) for _, cores in _shares(num_jobs)]


@contextmanager
def local_workers(run: Path, where: Sequence[Place], output: Path) -> Iterator[list[LocalWorker]]:
    """Within, a worker is at each of these places. However the block is left, none is there afterwards."""
    if where:
        make_folder(output)
    workers: list[LocalWorker] = []
    try:
        for number, place in enumerate(where, 1):
            workers.append(_started(run, number, place, output / f"{number}.txt"))
        yield workers
        _wait(workers, STOP_S)  # they see by themselves that all is done
    finally:
        _stop(workers)


def _shares(num_jobs: int) -> list[tuple[int, tuple[int, ...]]]:
    """The cores of each worker: neighbours, as many for each; none where the system pins no process."""
    if not hasattr(os, "sched_getaffinity"):
        return [(number, ()) for number in range(num_jobs)]
    cores = sorted(os.sched_getaffinity(0))
    edges = [len(cores) * number // num_jobs for number in range(num_jobs + 1)]
    return [(number, tuple(cores[edges[number] : edges[number + 1]])) for number in range(num_jobs)]


def _started(run: Path, number: int, place: Place, log: Path) -> LocalWorker:
    words = [sys.executable, "-m", "harness", "worker", str(run.absolute()), "--device", place.device]
    words += ["--log", "plain", "--end-with-stdin", *(["--cores", as_text(place.cores)] if place.cores else [])]
    with same_modules(), open(log, "wb") as file:
        # In a group of its own: Ctrl-C of a terminal comes to it through us, once.
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=file, stderr=file, process_group=0)
    return LocalWorker(number=number, process=process, log=log)


def _wait(workers: Sequence[LocalWorker], seconds: float) -> None:
    deadline = monotonic() + seconds
    for worker in workers:
        with suppress(subprocess.TimeoutExpired):
            worker.process.wait(max(0.0, deadline - monotonic()))


def _stop(workers: Sequence[LocalWorker]) -> None:
    for worker in workers:
        if worker.process.poll() is None:
            worker.process.terminate()
    try:
        _wait(workers, STOP_S)
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.wait()
            if worker.process.stdin:
                worker.process.stdin.close()
